"""The dashboard keeps its rooms apart, shows no raw markup, and documents every page's numbers."""

import ast
from pathlib import Path

import pytest

from pages._registry import PAGES

ROOT = Path(__file__).parents[2]
#: Room -> packages it must not import.
FORBIDDEN = {"dashboard/views": {"streamlit", "plotly", "psycopg", "redis"}, "dashboard/charts": {"streamlit"}}
ROOMS = ("app.py", "benchmarks", "collectors", "dashboard", "demo", "pages", "prosepolish_core", "tests")
EVERYTHING = [path for room in ROOMS for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))]
SOURCES = [path for room in ("dashboard", "pages") for path in (ROOT / room).rglob("*.py")]


@pytest.mark.parametrize("room", FORBIDDEN)
def test_read_models_and_figures_know_no_framework(room: str) -> None:
    """Views can be tested without Streamlit and Plotly, figures without Streamlit."""
    for path in (ROOT / room).glob("*.py"):
        imported = {name.split(".")[0] for name in _imports(path)}

        assert not imported & FORBIDDEN[room], path


def test_no_page_passes_markup_through() -> None:
    """Neither raw HTML nor styles: stored values cannot become markup, and the theme is the only style."""
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")

        assert "unsafe_allow_html" not in text, path
        assert "st.html" not in text, path


def test_every_page_with_numbers_has_a_chapter() -> None:
    """docs/numbers.md explains each timed page."""
    chapters = (ROOT / "docs" / "numbers.md").read_text(encoding="utf-8")

    assert [entry.title for entry in PAGES if entry.timed and f"\n## {entry.title}\n" not in chapters] == []


def test_no_file_outgrows_its_idea() -> None:
    """Nothing over 400 lines, a page's script under 60, and every other file says what it is."""
    for path in EVERYTHING:
        if ".peers" in path.parts:  # other people's packages, installed by the benchmarks
            continue
        text, page = path.read_text(encoding="utf-8"), path.parent == ROOT / "pages"

        assert len(text.splitlines()) < (60 if page else 401), path
        assert page or not text or ast.get_docstring(ast.parse(text)), path


def _imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append(node.module)
    return found
