"""An incident: alerts of one cause, from the first that fired to the last that was resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .health import Level
from .sample import Labels


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """One alert from firing to its end. `subject`, `means` and `do` are its rule's words; `value` is the newest, `worst` the worst."""

    rule: str
    labels: Labels
    level: Level
    subject: str
    unit: str
    since: datetime
    fired_at: datetime
    resolved_at: datetime | None = None
    value: float | None = None
    worst: float | None = None
    means: str = ""
    do: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote to an incident, or that one acknowledged it."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Incident:
    """Alerts of one cause. `cause` is the dependency it is about; `ended` is None while any of them fires."""

    id: int
    cause: str
    level: Level
    began: datetime
    ended: datetime | None
    alerts: tuple[FiredAlert, ...] = ()
    notes: tuple[Note, ...] = ()
    acknowledged_by: str = ""
    #: What it did to users: calls that failed, and extra dollars, by name.
    effect: Mapping[str, float] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The subject of its first and worst alert."""
        worst = max(self.alerts, key=lambda alert: alert.level.rank, default=None)
        return self.cause if worst is None else worst.subject
