"""How a rule stands about one subject: firing, pending, well, or not judged and why. Pages show it as their verdict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import Any

import orjson

from ...calc.alert_state import Threshold
from ...calc.numbers import said
from ...model.alert import AlertState, Held
from ...model.health import Level
from ...model.sample import Labels
from .rule import Rule

#: States of an alert from the least to the worst, and what the last two are called here.
ORDER = (AlertState.INACTIVE, AlertState.PENDING, AlertState.FIRING)
#: Standings that are older than this say nothing about now: they are taken each five seconds.
STALE = timedelta(seconds=30)


class RuleState(StrEnum):
    """Worst first."""

    FIRING = "firing"
    PENDING = "pending"
    UNJUDGED = "not judged"
    WELL = "ok"
    OFF = "off"


STATES = {AlertState.PENDING: RuleState.PENDING, AlertState.FIRING: RuleState.FIRING}


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """One rule about one subject (without labels: about any). The numbers are those of the level that is shown.

    `since`: seconds since the epoch at which it began to fire or to be pending.
    """

    rule: str
    labels: Labels
    state: RuleState
    level: Level = Level.OK
    value: float | None = None
    since: float | None = None
    fire: float | None = None
    clear: float | None = None
    hold_s: float = 0.0
    falling: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RuleStandings:
    """All of them as of one instant; `at` is None where nobody ever looked."""

    at: datetime | None
    all: tuple[RuleStanding, ...] = ()

    def seen_at(self, now: datetime) -> "RuleStandings":
        """The same as they are worth now: what is old is not judged any more, and never well."""
        if self.at is not None and now - self.at <= STALE:
            return self
        since = "yet" if self.at is None else f"since {self.at:%Y-%m-%d %H:%M:%S} UTC"
        reason = f"no collector has looked at the rules {since}"
        return RuleStandings(self.at, tuple(_unjudged(one, reason) for one in self.all))


def standing(
    rule: Rule, labels: Labels, thresholds: tuple[Threshold, ...], held: Sequence[Held], value: float | None
) -> RuleStanding:
    """How one rule stands, from its alert's state at each of its levels (none: it never fired)."""
    if not thresholds:
        return RuleStanding(rule.name, labels, RuleState.OFF, reason="switched off in the file of alert rules")
    known = None if value is None or not isfinite(value) else value
    pairs = zip(thresholds, held or [Held() for _ in thresholds], strict=True)
    shown, worst = max(pairs, key=lambda pair: (ORDER.index(pair[1].state), pair[1].level.rank))
    found = RuleStanding(rule.name, labels, RuleState.WELL, value=known)
    found = replace(found, fire=shown.fire, clear=shown.clear, hold_s=shown.hold_s, falling=shown.falling)
    if worst.state in STATES:
        return replace(found, state=STATES[worst.state], level=shown.level, since=worst.since)
    return found if known is not None else _unjudged(found, rule.needs)


def words(one: RuleStanding, rule: Rule) -> str:
    """Number, threshold and time of one standing, in a sentence."""
    if one.state in {RuleState.OFF, RuleState.UNJUDGED}:
        return one.reason
    side, back = ("below", "or more") if one.falling else ("above", "or less")
    held = f" for {said(one.hold_s, 'seconds')}" if one.hold_s else ""
    level = rule.thresholds[0].level if one.level is Level.OK else one.level
    limit = f"{level.value} {side} {said(one.fire, rule.unit)}{held}, ok again at {said(one.clear, rule.unit)} {back}"
    return f"{said(one.value, rule.unit)}; {limit}"


def to_json(standings: Iterable[RuleStanding]) -> bytes:
    """As it is kept."""
    return orjson.dumps(list(standings))


def from_json(rows: list[Mapping[str, Any]]) -> tuple[RuleStanding, ...]:
    """As it was kept."""
    return tuple(
        RuleStanding(
            **{
                **row,
                "labels": tuple((str(name), str(value)) for name, value in row["labels"]),
                "state": RuleState(row["state"]),
                "level": Level(row["level"]),
            }
        )
        for row in rows
    )


def _unjudged(one: RuleStanding, reason: str) -> RuleStanding:
    if one.state is RuleState.OFF:
        return one
    return replace(one, state=RuleState.UNJUDGED, level=Level.OK, value=None, since=None, reason=reason)
