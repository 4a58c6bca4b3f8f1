"""`prosepolish alerts`: what fires and fired, who is told, and what people do about it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from getpass import getuser
from time import time
from typing import Any

import click

from ..calc.numbers import said
from ..config import Config
from ..errors import InvalidInput
from ..model.health import Level
from ..model.incident import FiredAlert, Incident, Message
from ..model.window import Window
from ..watch.alerts.incident_report import is_simulated
from ..watch.alerts.overrides import NONE, Overrides
from ..watch.alerts.overrides import read as read_overrides
from ..watch.alerts.rule import Rule
from ..watch.alerts.rules import BY_NAME, RULES
from ..watch.alerts.teller import attempt, channels_of
from ..watch.alerts.telling import about, body, title, words
from .alerts_backtest import backtest
from .alerts_export import export
from .finite_range import FiniteRange
from .opened import as_json, opened_core, print_json, written_down


class _Instant(click.ParamType[datetime]):
    """An instant in ISO form; UTC where no zone is given."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it, or say how it is written."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no instant; it is written as 2026-12-01T22:00", param, ctx)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


INSTANT = _Instant()


@click.group()
def alerts() -> None:
    """Alerts and incidents: list, test the channels, acknowledge, silence."""


@alerts.command("list")
@click.option("--rules", "show_rules", is_flag=True, help="The rules with their levels, instead of incidents.")
@click.option("--days", type=FiniteRange(0.01, 730), help="Incidents of the last DAYS instead of those that go on.")
@as_json
def list_(show_rules: bool, days: float | None, as_json: bool) -> None:
    """Incidents that go on, worst first; with --days those of a time; with --rules what is watched."""
    if show_rules:
        _print_rules(_overrides(Config.from_env()), as_json)
        return
    with opened_core() as core:
        if days is None:
            found = sorted(core.alerts.open_incidents(), key=lambda i: (-i.level.rank, i.began))
        else:
            now = datetime.now(UTC)
            found = core.alerts.incidents(Window(now - timedelta(days=days), now))
        spans = core.samples.simulated()
    if as_json:
        print_json([_as_dict(incident, spans) for incident in found])
    elif not found:
        click.echo("No incident." if days is None else f"No incident in the last {days:g} days.")
    for incident in () if as_json else found:
        _print_incident(incident, spans)


@alerts.command()
@as_json
def test(as_json: bool) -> int:
    """Send a test message to every channel that is set, and say what came of it."""
    config = Config.from_env()
    channels = channels_of(config)
    if not channels:
        raise InvalidInput("nobody is told: set PROSEPOLISH_ALERT_URLS or PROSEPOLISH_ALERT_WEBHOOK_URL")
    now = time()
    message = Message(f"test-{int(now)}", "test", (), Level.OK, now)
    told = words(message, (), BY_NAME, "This is a test of the channel. Nothing is wrong.", config.dashboard_url, now)
    done = attempt(message, told, body(message, (), BY_NAME, told, config.dashboard_url), channels)
    if as_json:
        print_json({"told": done.told_by, "failed": done.failures})
    else:
        for channel in channels:
            click.echo(f"{channel.name}: {done.failures.get(channel.name, 'told')}")
    return 1 if done.failures else 0


@alerts.command()
@click.argument("incident")
@click.option("--by", default=getuser, show_default="your login", help="Your name.")
@click.option("--note", default="", help="A note for the others.")
def ack(incident: str, by: str, note: str) -> None:
    """Take INCIDENT upon yourself, for all to see."""
    with opened_core() as core:
        core.alerts.add_note(incident, by, note, acknowledge=True)
        written_down(core, "acknowledge", incident)
    click.echo(f"Acknowledged by {by}.")


@alerts.command()
@click.argument("incident")
@click.argument("text")
@click.option("--by", default=getuser, show_default="your login", help="Your name.")
def note(incident: str, text: str, by: str) -> None:
    """Write TEXT to INCIDENT; it is shown on its page and in its export."""
    with opened_core() as core:
        core.alerts.add_note(incident, by, text)
        written_down(core, "note", incident)
    click.echo("Written.")


@alerts.command()
@click.option("--hours", type=FiniteRange(0.01, 31 * 24), help="For how long, from now or from --from.")
@click.option("--from", "begins", type=INSTANT, help="When it begins, as 2026-12-01T22:00 [default: now].")
@click.option("--until", type=INSTANT, help="When it ends; UTC where no zone is given.")
@click.option("--reason", required=True, help="Why; it is shown to all.")
@click.option("--rule", default="", help="Only this rule.")
@click.option("--about", "scope", default="", help="Only this instance or tier.")
@click.option("--by", default=getuser, show_default="your login", help="Your name.")
def silence(
    hours: float | None, begins: datetime | None, until: datetime | None, reason: str, rule: str, scope: str, by: str
) -> None:
    """Tell nobody of these alerts for a while; they are recorded all the same.

    For maintenance: without --rule and --about. It ends after --hours or at --until.
    """
    if rule and rule not in BY_NAME:
        raise InvalidInput(f"no alert rule is called {rule}; prosepolish alerts list --rules names them")
    if (hours is None) == (until is None):
        raise InvalidInput("a silence needs --hours or --until, one of them")
    end = until or (begins or datetime.now(UTC)) + timedelta(hours=hours or 0)
    with opened_core() as core:
        number = core.alerts.silence(by, reason, end, rule, scope, begins)
        written_down(core, "silence", f"{number}: {rule or 'all rules'} until {end:%Y-%m-%d %H:%M}")
    start = f"from {begins:%Y-%m-%d %H:%M} " if begins else ""
    click.echo(f"Silence {number} {start}until {end:%Y-%m-%d %H:%M} UTC.")


@alerts.command()
@click.argument("number", type=int, required=False)
@as_json
def silences(number: int | None, as_json: bool) -> None:
    """The silences that are not over; with NUMBER, end that one now."""
    with opened_core() as core:
        if number is not None:
            if not core.alerts.end_silence(number):
                raise InvalidInput(f"there is no silence {number} that goes on")
            written_down(core, "end silence", str(number))
            click.echo("Ended.")
            return
        found = core.alerts.silences()
    if as_json:
        print_json(found)
        return
    for one in found:
        scope = " about ".join(filter(None, (one.rule or "all rules", one.scope)))
        begins = "" if one.begins <= datetime.now(UTC) else f"from {one.begins:%Y-%m-%d %H:%M} "
        click.echo(f"{one.id}  {begins}until {one.until:%Y-%m-%d %H:%M} UTC  {scope}  by {one.author}: {one.reason}")
    if not found:
        click.echo("No silence.")


alerts.add_command(backtest)
alerts.add_command(export)


def _overrides(config: Config) -> Overrides:
    return NONE if config.alert_rules is None else read_overrides(config.alert_rules, BY_NAME)


def _print_rules(overrides: Overrides, as_json: bool) -> None:
    rows = [row for rule in RULES for row in _levels(rule, overrides)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['rule']:<28} {row['level']:<9} {row['fires']:<26} {row['means']}")


def _levels(rule: Rule, overrides: Overrides) -> list[dict[str, Any]]:
    return [
        {
            "rule": rule.name,
            "level": threshold.level.value,
            "fires": f"{beyond} {said(threshold.fire, rule.unit)} for {said(threshold.hold_s, 'seconds')}",
            "clears_at": said(threshold.clear, rule.unit),
            "means": rule.means,
            "do": rule.do,
        }
        for threshold in overrides.thresholds(rule, ())
        for beyond in ("below" if threshold.falling else "above",)
    ]


def _print_incident(incident: Incident, spans: Sequence[Window]) -> None:
    colour = "red" if incident.level is Level.CRITICAL else "yellow"
    state = "goes on" if incident.ended is None else f"over after {said(incident.ended - incident.began, 'seconds')}"
    level = click.style(f"{incident.level.value:<9}", fg=colour)
    made_up = " (simulated)" if is_simulated(incident, spans) else ""
    click.echo(f"{level} {incident.id}  {title(incident, BY_NAME)}{made_up}, since {_clock(incident.began)}, {state}")
    for alert in incident.firing:
        click.echo(f"          {alert.level.value}: {about(alert, BY_NAME)}{_value(alert, BY_NAME)}")


def _value(alert: FiredAlert, rules: Mapping[str, Rule]) -> str:
    rule = rules.get(alert.rule)
    return "" if rule is None or alert.value is None else f" at {said(alert.value, rule.unit)}. {rule.do}"


def _as_dict(incident: Incident, spans: Sequence[Window]) -> dict[str, Any]:
    return {
        "id": incident.id,
        "title": title(incident, BY_NAME),
        "cause": incident.cause,
        "level": incident.level.value,
        "began": _clock(incident.began),
        "ended": None if incident.ended is None else _clock(incident.ended),
        "simulated": is_simulated(incident, spans),
        "alerts": [
            {"rule": a.rule, "about": about(a, BY_NAME), "level": a.level.value, "value": a.value, "firing": a.resolved_at is None}
            for a in incident.alerts
        ],
    }


def _clock(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
