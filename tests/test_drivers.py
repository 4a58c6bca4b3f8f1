"""Where drivers and the environment are touched: one driver per file, and one file that reads the environment."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("prosepolish_core", "collectors", "dashboard", "pages", "demo")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))] + [ROOT / "app.py"]
DRIVERS = {
    "redis": "redis",
    "psycopg": "psycopg",
    "httpx": "httpx",
    "google": "google",
    "requests": "requests",
}
#: Rooms in which drivers are touched, and by which: None is any one driver in a file.
ROOMS: dict[str, set[str] | None] = {
    "prosepolish_core/drivers/": None,
    "prosepolish_core/live/": None,
    "prosepolish_core/watch/redis_info/": {"redis"},
    "prosepolish_core/watch/": {"psycopg"},
    "demo/embedded/": None,
}
#: Files outside these rooms that name a driver's type, and why.
OUTSIDE = {
    "prosepolish_core/core.py": {"redis"},  # wires the clients
    "prosepolish_core/health.py": {"redis"},  # asks the clients it is given
    "prosepolish_core/live/cache/clearing.py": {"redis"},  # SCAN and UNLINK on the client it is given
}
#: The one bridge between two: an SDK built on requests sends through our bounded httpx client.
BRIDGES = {"prosepolish_core/drivers/requests_over_httpx.py": {"httpx", "requests"}}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _allowed(name: str) -> set[str] | None:
    """The drivers a file may import; None: any one of them."""
    if name in BRIDGES:
        return BRIDGES[name]
    return OUTSIDE.get(name, next((drivers for room, drivers in ROOMS.items() if name.startswith(room)), set()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_at_most_one_driver_and_only_where_drivers_belong(path: Path) -> None:
    """A file of drivers/ or live/ imports one driver; the store imports psycopg;
    nothing else imports any, but for the files named above.
    """
    found = {DRIVERS[module.split(".")[0]] for module in _imports(path) if module.split(".")[0] in DRIVERS}
    allowed = _allowed(str(path.relative_to(ROOT)))

    assert len(found) <= 1 if allowed is None else found <= allowed


def test_only_the_configuration_reads_the_environment() -> None:
    """`os.environ` and `os.getenv` stand in config.py and nowhere else."""
    readers = {
        str(path.relative_to(ROOT))
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }

    assert readers == {"prosepolish_core/config.py"}
