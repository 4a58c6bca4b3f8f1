"""Backtest: rules over stored history, sorted into incidents as the collectors would have, and what came of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ...calc.courses import History, Numbers
from ...model.alert import AlertChange
from ...model.health import Level
from ...model.incident import Incident, Message
from ...model.series import Mark
from .desk import Desk
from .evaluator import AlertKey
from .muting import MutedNow
from .overrides import NONE, Overrides
from .replay import looks, replay
from .rule import Rule

WEEK_S = 7 * 86_400.0
#: An alert within this time after a mark is taken as its detection.
FOUND_WITHIN_S = 1800.0
#: Kinds of messages that call somebody.
CALLS = frozenset({"opened", "worse", "digest"})


@dataclass(frozen=True, slots=True)
class FoundAfter:
    """What was found after one mark: the first alert and the seconds until it fired; None: none did."""

    mark: Mark
    rule: str | None
    after_s: float | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """What would have happened over `seconds` of history."""

    seconds: float
    changes: Sequence[AlertChange]
    incidents: Sequence[Incident]
    messages: Sequence[Message]
    found: Sequence[FoundAfter]
    broken: Mapping[str, str]

    @property
    def pages(self) -> int:
        """Messages that would have called somebody."""
        return sum(message.kind in CALLS for message in self.messages)

    @property
    def pages_a_week(self) -> float:
        """The same, per week."""
        return self.pages / self.seconds * WEEK_S


def backtest(
    rules: Sequence[Rule], history: History, instants: Numbers, overrides: Overrides = NONE, marks: Iterable[Mark] = ()
) -> Backtest:
    """Replay these rules and tell nobody."""
    changes, broken = replay(rules, history, instants, overrides)
    desk = Desk({rule.name: rule for rule in rules})
    incidents: dict[str, Incident] = {}
    messages: list[Message] = []
    firing: set[AlertKey] = set()

    for at, some in looks(changes):
        messages += _send(desk, at)
        for change in some:
            key = AlertKey(change.rule, change.labels)
            (firing.discard if change.level is Level.OK else firing.add)(key)
        muting = MutedNow((), overrides.quiet, firing, datetime.fromtimestamp(at, UTC))
        incidents |= {incident.id: incident for incident in desk.take(some, muting)}
        desk.forget(at)
    messages += _send(desk, float("inf"))
    found = [_found(mark, changes) for mark in marks]
    seconds = float(instants[-1] - instants[0]) if len(instants) else 0.0
    return Backtest(seconds, changes, list(incidents.values()), messages, found, broken)


def _send(desk: Desk, now: float) -> list[Message]:
    """Everything that is due by now, told at once."""
    sent = []
    while due := sorted((m for m in desk.outbox.values() if m.due <= now), key=lambda m: m.due):
        at = due[0].due
        for message in desk.due(at):
            sent.append(message)
            desk.settle(message.key, ("backtest",), None)
    return sent


def _found(mark: Mark, changes: Sequence[AlertChange]) -> FoundAfter:
    at = mark.ts.timestamp()
    fired = (c for c in changes if c.level is not Level.OK and at <= c.at <= at + FOUND_WITHIN_S)
    first = next(fired, None)
    return FoundAfter(mark, None, None) if first is None else FoundAfter(mark, first.rule, first.at - at)
