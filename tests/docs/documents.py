"""The documents, and what in them names something of the program: code spans, command lines, links."""

import os
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
#: What is told to readers of today. The changelog and the records of decisions tell of their own day.
DOCUMENTS = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")), *sorted((ROOT / "docs").glob("*.md"))]
RECORDS = sorted((ROOT / "docs/decisions").glob("*.md"))
SOURCES = ("prosepolish_core", "collectors", "dashboard", "pages", "demo", "benchmarks", "tests", "deploy")
SUFFIXES = (".py", ".md", ".sql", ".lua", ".toml", ".yml", ".conf", ".txt", ".json", ".example", ".html")


class Span(NamedTuple):
    """A piece of code in a document, with the document's name for the message of a failing test."""

    document: str
    code: str


def spans(documents: list[Path]) -> list[Span]:
    """Every inline code span, and every line of a fenced block that a shell would run."""
    found = []
    for path in documents:
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            found += [Span(name, line.split("#")[0].strip()) for line in block.splitlines() if line.strip()]
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        found += [Span(name, code) for code in re.findall(r"`([^`\n]+)`", prose)]
    return found


#: How the README names our files: it is also read outside the repository, where no path leads anywhere.
OURS = re.compile(
    r"https://(?:raw\.githubusercontent\.com/prosepolish/prosepolish|github\.com/prosepolish/prosepolish/(?:blob|tree))/main/"
)


def links(documents: list[Path]) -> list[tuple[Path, str]]:
    """Every link to a file of ours, with the document it stands in."""
    pattern = re.compile(r"\]\(([^)\s]+)\)")
    found = [(path, OURS.sub("", target)) for path in documents for target in pattern.findall(path.read_text(encoding="utf-8"))]
    return [(path, target) for path, target in found if "://" not in target]


def tracked() -> set[str]:
    """Every file of the project and every folder that holds one, from the root; not what tools and runs have made."""
    made = {".git", ".venv", "__pycache__", ".prosepolish", "results", ".peers"}
    found = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in made]
        found.update(str(Path(folder, name).relative_to(ROOT)) for name in [*folders, *files])
    return found


def words() -> set[str]:
    """Every word of the program's own text: code, SQL, Lua, settings."""
    files = [path for folder in SOURCES for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".sql", ".lua", ".conf"}]
    files += [ROOT / name for name in ("app.py", "redis.conf", "docker-compose.yml", ".env.example", "pyproject.toml", "Makefile")]
    found: set[str] = set()
    for path in files:
        if "/tests/docs/" not in str(path) and "__pycache__" not in path.parts:
            found.update(re.findall(r"\w+", path.read_text(encoding="utf-8", errors="ignore")))
    return found
