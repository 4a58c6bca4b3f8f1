"""Why a port exists: two implementations, or one and a test double. Where there are two, one suite holds both."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCTION = ("prosepolish_core", "collectors", "dashboard", "demo")
DOUBLES = ("tests", "benchmarks")


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Every statement below this node, none of their expressions: a tenth of what `ast.walk` visits."""
    for child in getattr(node, "body", ()):
        yield child
        yield from statements(child)


@cache
def classes_of(folder: str) -> tuple[ast.ClassDef, ...]:
    """Every class below this folder."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / folder).rglob("*.py"))
    return tuple(node for tree in trees for node in statements(tree) if isinstance(node, ast.ClassDef))


def classes(*folders: str) -> Iterator[ast.ClassDef]:
    """Every class below these folders."""
    return chain.from_iterable(map(classes_of, folders))


def methods(node: ast.ClassDef) -> dict[str, tuple[str, ...]]:
    """The public methods a class defines itself, each with the names of its arguments."""
    defined = [item for item in node.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")]
    return {item.name: tuple(argument.arg for argument in item.args.args) for item in defined}


def does(port: dict[str, tuple[str, ...]], found: dict[str, tuple[str, ...]]) -> bool:
    """Whether a class has every method of a port; its own may take further arguments."""
    return all(name in found and found[name][: len(arguments)] == arguments for name, arguments in port.items())


def is_protocol(node: ast.ClassDef) -> bool:
    """Whether the class says only what others do."""
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


PORTS = {node.name: methods(node) for node in classes("prosepolish_core/ports") if is_protocol(node)}
#: `Event.set` and `Event.wait` of the standard library are its other implementation.
STANDARD = {"Signal"}


def implementations(port: str, *folders: str) -> list[str]:
    """Classes with every method of the port. One that inherits them from such a class is one of the same."""
    return [node.name for node in classes(*folders) if does(PORTS[port], methods(node)) and not is_protocol(node)]


@pytest.mark.parametrize("port", sorted(PORTS))
def test_a_port_has_two_implementations_or_one_and_a_double(port: str) -> None:
    """With one implementation and no double a port is only a second name for a class."""
    assert implementations(port, *PRODUCTION) or port in STANDARD
    assert len(implementations(port, *PRODUCTION, *DOUBLES)) > (port not in STANDARD)


@pytest.mark.parametrize("port", sorted(PORTS))
def test_where_there_are_two_one_suite_holds_both(port: str) -> None:
    """`WordStore` is held by `test_word_store.py`."""
    if len(implementations(port, *PRODUCTION)) > 1:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", port).lower()
        assert (Path(__file__).parent / f"test_{name}.py").is_file()
