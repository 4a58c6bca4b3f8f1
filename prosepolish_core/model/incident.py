"""An incident: alerts of one cause, from the first that fired to the last that was resolved; and what is told of it."""

from dataclasses import dataclass
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
