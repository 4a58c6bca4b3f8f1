"""An alert: one rule about one subject, and the states it goes through."""

from dataclasses import dataclass
from enum import StrEnum

from .health import Level
from .sample import Labels


class AlertState(StrEnum):
    """Inactive; pending while the condition is held for its time; firing until it is clear again for its time."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class NoData(StrEnum):
    """What an unknown value means to a rule: stay as it is, count as the condition, or count as clear."""

    HOLD = "hold"
    FIRE = "fire"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Held:
    """How one alert stands. Instants are seconds since the epoch; `since` is when the present state began to show.

    `leaning_since`: pending, when the condition was first seen; firing, when the value was first seen clear (None: it
    is not).
    """

    state: AlertState = AlertState.INACTIVE
    level: Level = Level.OK
    since: float = 0.0
    leaning_since: float | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert that began to fire, changed its level, or was resolved (`level` OK) at an instant."""

    rule: str
    labels: Labels
    level: Level
    at: float
    value: float | None
    since: float
