"""An incident: alerts of one cause, from the first that fired to the last that was resolved; and what is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from .alert import AlertState, Held
from .health import Level
from .sample import Labels


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """One alert from firing to its end.

    Instants are seconds since the epoch; `worst` is the value furthest beyond its level.
    """

    rule: str
    labels: Labels
    level: Level
    since: float
    fired_at: float
    resolved_at: float | None = None
    value: float | None = None
    worst: float | None = None

    @property
    def held(self) -> Held:
        """How it stands, for an evaluation that goes on after a restart."""
        return Held(AlertState.FIRING, self.level, self.since, None, self.value)


#: What happens in the course of an incident.
EVENTS = {
    "fired": "an alert began to fire",
    "worse": "an alert became critical",
    "better": "an alert is a warning again",
    "resolved": "an alert is over",
    "ended": "the incident is over",
    "again": "the incident goes on after all",
    "told": "a message was taken by a channel",
    "not_told": "a channel did not take a message",
    "muted": "nobody is told for now",
}
#: So many are kept of one incident: what flaps for days must not grow without end.
MOST_EVENTS = 400


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """One thing that happened; `kind` is one of EVENTS. Of an alert: its rule, labels, level and value.

    `text`: of a message the channel, and why it failed; of a silence its reason.
    """

    at: float
    kind: str
    rule: str = ""
    labels: Labels = ()
    level: Level = Level.OK
    value: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class IncidentEffect:
    """What users got from `start` to `end`, counted by the core, beside what is usual: the hour before.

    `answered` and `usual_answered` are calls by the tier that answered; of the latter as many in all as were counted.
    `added_s`: how much longer an answer took. `extra_paid`, `extra_usd`: paid calls beyond the usual. None: nobody
    knows, for there is nothing to compare with or a price is missing (`unpriced` calls).
    `logins`: how many began, beside the usual.
    """

    start: float
    end: float
    calls: int
    failed: int
    usual_failed: float | None
    answered: Mapping[str, int]
    usual_answered: Mapping[str, float] | None
    added_s: float | None
    paid: int | None
    extra_paid: float | None
    extra_usd: Decimal | None
    unpriced: int = 0
    logins: int | None = None
    usual_logins: float | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Alerts of one cause. `cause` is the dependency it is about; `ended` is None while any of them fires.

    `id` is made of the beginning and the cause, so that every process names an incident alike. `told` counts messages.
    """

    id: str
    cause: str
    level: Level
    began: float
    ended: float | None = None
    alerts: tuple[FiredAlert, ...] = ()
    told: int = 0
    told_level: Level = Level.OK
    events: tuple[IncidentEvent, ...] = ()

    def with_event(self, event: IncidentEvent) -> "Incident":
        """With one more thing that happened. Of what flaps for days the beginning is kept, and each end."""
        if len(self.events) >= MOST_EVENTS and event.kind != "ended":
            return self
        return replace(self, events=(*self.events[: MOST_EVENTS - 1], event))

    @property
    def firing(self) -> tuple[FiredAlert, ...]:
        """The alerts that are not resolved, worst first."""
        return tuple(sorted((a for a in self.alerts if a.resolved_at is None), key=lambda a: -a.level.rank))


class Message(NamedTuple):
    """One thing to tell. `key` is the same at every attempt, so that a receiver can tell a repetition.

    `kind`: see KINDS.

    `attempts` and `maybe_told` are noted before an attempt begins, `told_by` names the channels that took it.
    """

    key: str
    kind: str
    incidents: tuple[str, ...]
    level: Level
    due: float
    attempts: int = 0
    maybe_told: bool = False
    told_by: tuple[str, ...] = ()


#: What a message tells.
KINDS = {
    "opened": "an incident began",
    "worse": "an incident became critical",
    "resolved": "an incident is over",
    "digest": "several incidents changed within a minute",
    "test": "somebody tries the channels",
}


class ChannelState(NamedTuple):
    """How telling by one channel goes.

    `failure`: why the newest attempt failed, or empty; `waiting`: messages not told yet.
    """

    channel: str
    told_at: datetime | None
    failed_at: datetime | None
    failure: str
    waiting: int
    told_total: int = 0
    failed_total: int = 0
