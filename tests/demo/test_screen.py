"""The status screen."""

from pathlib import Path

from rich.console import Console

from demo import screen
from demo.folder import DataFolder
from demo.options import Options
from demo.plan import DemoPlan


def shown(plan: DemoPlan, width: int = 80) -> str:
    """The screen as text."""
    console = Console(width=width, record=True, quiet=False, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115
    with console.file:
        screen.show(console, plan, Options(8600, Path("d")), DataFolder(Path("/srv/data")), seconds=4.2, control_url="http://c")
        return console.export_text()


def test_the_screen_says_where_to_look_what_is_ours_and_how_to_stop() -> None:
    """Address, data folder, faults endpoint, Ctrl-C, and one row a part."""
    text = shown(DemoPlan.of({}))

    for piece in ("http://127.0.0.1:8600", "/srv/data", "http://c/faults", "Ctrl-C", "4.2 s"):
        assert piece in text
    assert text.count("embedded") == 3
    assert text.count("stand-in") == 2


def test_parts_from_the_environment_are_called_yours() -> None:
    """Nothing claims to be embedded that is not."""
    text = shown(DemoPlan.of({"REDIS_URL": "x", "DATABASE_URL": "x", "DICTIONARY_API_URL": "x", "GEMINI_API_KEY": "x"}))

    assert "embedded" not in text
    assert "stand-in" not in text
    assert text.count("yours") == 3


def test_it_fits_a_narrow_terminal() -> None:
    """The table of parts keeps one line a part at 80 columns."""
    lines = [line for line in shown(DemoPlan.of({})).splitlines() if line.startswith("│")]

    assert len(lines) == 6


def test_stand_ins_beside_a_server_of_your_own_are_warned_about() -> None:
    """What a stand-in answered would outlive the demo there;
    with everything ours, or everything yours, nothing is said.
    """
    both = {"DICTIONARY_API_URL": "x", "GEMINI_API_KEY": "x"}

    assert "throw away" in shown(DemoPlan.of({"DATABASE_URL": "x"}))
    assert "throw away" in shown(DemoPlan.of({"REDIS_URL": "x"} | {"GEMINI_API_KEY": "x"}))
    assert "throw away" not in shown(DemoPlan.of({}))
    assert "throw away" not in shown(DemoPlan.of({"DATABASE_URL": "x", "REDIS_URL": "x"} | both))
