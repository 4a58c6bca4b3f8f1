"""The status screen of `up`: where to look, what is embedded or a stand-in, where the data lies, how to stop."""

import shlex

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .folder import DataFolder
from .options import Options
from .plan import DemoPlan

EMBEDDED = "embedded"
GIVEN = "yours"
STAND_IN = "stand-in"
REAL = "the real one"
MIXED = "Answers of stand-ins are being kept in your own server. Give the demo a database you can throw away."
#: Tier, name, attribute of the plan, words when ours, words when given, note.
ROWS = (
    ("1", "cache", "cache", EMBEDDED, GIVEN, "Valkey, 256 MB, allkeys-lru"),
    ("", "sessions, limits", "state", EMBEDDED, GIVEN, "Valkey, never evicts"),
    ("2", "PostgreSQL", "postgres", EMBEDDED, GIVEN, "its data survives a restart"),
    ("3", "dictionary API", "dictionary_api", STAND_IN, REAL, "real entries, on loopback"),
    ("4", "Gemini", "gemini", STAND_IN, REAL, "made-up answers, on loopback"),
)


def step(console: Console, text: str, seconds: float) -> None:
    """One line of progress, with the time since the start."""
    console.print(Text(f"{seconds:6.1f} s  ", style="dim") + Text(text), soft_wrap=True)


def show(console: Console, plan: DemoPlan, options: Options, folder: DataFolder, *, seconds: float, control_url: str) -> None:
    """The screen, once everything is up."""
    console.print(Panel(_table(plan), title="ProsePolish is up", title_align="left", border_style="green", box=box.ROUNDED))
    if plan.mixes:
        console.print(Text(f"  {MIXED}", style="yellow"), soft_wrap=True)
    for name, value in _facts(options, folder, seconds, control_url):
        console.print(Text(f"  {name:<10}", style="dim") + Text(value), soft_wrap=True)


def address(options: Options) -> str:
    """Where the dashboard is."""
    return f"http://127.0.0.1:{options.port}"


def _table(plan: DemoPlan) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("tier", "", "which", ""):
        table.add_column(title, no_wrap=True)
    for tier, name, attribute, ours, given, note in ROWS:
        own = getattr(plan, attribute)
        table.add_row(
            tier, name, Text(ours if own else given, style="yellow" if own else "cyan"), Text(note if own else "", style="dim")
        )
    return table


def _facts(options: Options, folder: DataFolder, seconds: float, control_url: str) -> list[tuple[str, str]]:
    rate = f"{options.rate:g} lookups/s, seed {options.seed}" if options.traffic else "off"
    return [
        ("Dashboard", f"{address(options)}   (ready after {seconds:.1f} s)"),
        ("Traffic", rate),
        *([("Past", f"{options.history} days are simulated; every page that shows them says so")] if options.history else []),
        *([("Faults", f"{control_url}/faults")] if control_url else []),
        ("Data", f"{folder.path}   (logs in logs/)"),
        ("Shell", f"set -a; . {shlex.quote(str(folder.path / 'env'))}; set +a   then: prosepolish check"),
        ("Stop", "Ctrl-C"),
    ]
