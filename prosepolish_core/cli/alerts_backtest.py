"""`prosepolish alerts backtest`: what rules, shipped or edited, would have said of the history in the store."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from ..calc.numbers import said
from ..config import Config
from ..errors import InvalidInput
from ..model.health import Level
from ..model.window import Window
from ..watch.alerts import backtest as tests
from ..watch.alerts.overrides import NONE, read
from ..watch.alerts.rule import Rule
from ..watch.alerts.rules import BY_NAME, RULES
from ..watch.alerts.stored_history import StoredHistory
from .finite_range import FiniteRange
from .opened import as_json, opened_core, print_json

#: Newest times told of each rule.
MOST_TIMES = 5


@click.command()
@click.option("--rule", help="Only this rule.  [default: all]")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file of changed rules to try.  [default: PROSEPOLISH_ALERT_RULES]",
)
@click.option("--days", type=FiniteRange(0.01, 90), default=30.0, show_default=True, help="How far back.")
@as_json
def backtest(rule: str | None, path: Path | None, days: float, as_json: bool) -> None:
    """Replay rules over what was recorded: when they would have fired, pages a week, time to detect after each mark.

    Nobody is told and nothing is written. Over more than a day the rules are looked at each minute, else each 10 s.
    """
    if rule is not None and rule not in BY_NAME:
        raise InvalidInput(f"no alert rule is called {rule}; prosepolish alerts list --rules names them")
    rules = [one for one in RULES if rule in {None, one.name}]
    file = path or Config.from_env().alert_rules
    overrides = NONE if file is None else read(file, BY_NAME)
    now = datetime.now(UTC)
    window = Window(now - timedelta(days=days), now)
    with opened_core() as core:
        history = StoredHistory(core.pool, window, StoredHistory.step_of(window), rules)
        done = tests.backtest(rules, history, history.instants, overrides, core.samples.marks(window))
    if as_json:
        print_json(_as_dict(done, rules))
    else:
        _print(done, rules, days)


def _fired(done: tests.Backtest) -> dict[str, list[dict[str, Any]]]:
    """Per rule each time it fired, oldest first."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    open_: dict[tuple[str, object], dict[str, Any]] = {}
    for change in done.changes:
        key = change.rule, change.labels
        if change.level is Level.OK:
            open_.pop(key)["ended"] = _clock(change.at)
        elif key in open_:
            open_[key]["level"] = max(Level(open_[key]["level"]), change.level, key=lambda one: one.rank).value
        else:
            about = BY_NAME[change.rule].about(change.labels)
            row = {"about": about, "level": change.level.value, "fired": _clock(change.at), "ended": None, "value": change.value}
            open_[key] = row
            found[change.rule].append(row)
    return found


def _as_dict(done: tests.Backtest, rules: list[Rule]) -> dict[str, Any]:
    fired = _fired(done)
    return {
        "days": done.seconds / 86_400,
        "rules": {rule.name: fired.get(rule.name, []) for rule in rules},
        "incidents": [{"id": i.id, "cause": i.cause, "level": i.level.value} for i in done.incidents],
        "pages": done.pages,
        "pages_a_week": done.pages_a_week,
        "marks": [
            {"at": f.mark.ts, "kind": f.mark.kind, "text": f.mark.text, "rule": f.rule, "after_s": f.after_s} for f in done.found
        ],
        "not_evaluated": dict(done.broken),
    }


def _print(done: tests.Backtest, rules: list[Rule], days: float) -> None:
    fired = _fired(done)
    for rule in rules:
        for row in fired.get(rule.name, [])[-MOST_TIMES:]:
            ended = f"to {row['ended']}" if row["ended"] else "goes on"
            value = "" if row["value"] is None else f" at {said(row['value'], rule.unit)}"
            click.echo(f"{row['fired']} {ended:<23} {row['level']:<9} {rule.name}: {row['about']}{value}")
        if (more := len(fired.get(rule.name, [])) - MOST_TIMES) > 0:
            click.echo(f"  {rule.name}: and {more} times before")
    for name, reason in done.broken.items():
        click.echo(f"{name} could not be evaluated: {reason}")
    for found in done.found:
        told = "no alert" if found.rule is None or found.after_s is None else f"{found.rule} after {said(found.after_s, 'seconds')}"
        click.echo(f"mark {_clock(found.mark.ts.timestamp())} {found.mark.kind}: {found.mark.text}: {told}")
    times = sum(map(len, fired.values()))
    click.echo(
        f"{len(rules)} rules over {days:g} days: fired {times} times, {len(done.incidents)} incidents, "
        f"{done.pages_a_week:.1f} pages a week."
    )


def _clock(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
