"""A class is known by its name alone: in a traceback, a log line, a search."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("prosepolish_core", "collectors", "dashboard", "demo", "pages")
#: Two pairs that go with the one vocabulary of Redis faults and the one way to send a script.


def test_no_two_classes_have_one_name_unless_one_is_private() -> None:
    """A name with an underscore is nobody's business outside its file."""
    homes: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    homes[node.name].append(str(path.relative_to(ROOT)))

    assert {name: found for name, found in homes.items() if len(found) > 1} == {}
