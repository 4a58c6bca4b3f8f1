"""Health: what each dependency answered when it was asked just now, and verdicts with their reason and advice."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any


class Level(StrEnum):
    """How bad it is; `rank` orders them."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for ok … 3 for critical."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judgement about one subject. `reason` is a sentence, `action` says what to do (may be empty)."""

    subject: str
    level: Level
    reason: str
    action: str = ""


#: Without these this process cannot do its work; losing any other one only degrades it.
NEEDED_TO_BE_READY = frozenset({"postgres"})


class Status(StrEnum):
    """How a dependency is."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


LEVELS = {Status.OK: Level.OK, Status.DEGRADED: Level.WARNING, Status.DOWN: Level.CRITICAL}


@dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency. `pings_s` are round trips by the monotonic clock; `required` ones fail `prosepolish check`."""

    name: str
    status: Status
    reason: str
    action: str = ""
    required: bool = False
    pings_s: tuple[float, ...] = ()

    @property
    def min_s(self) -> float | None:
        """The fastest round trip."""
        return min(self.pings_s, default=None)

    @property
    def median_s(self) -> float | None:
        """The round trip in the middle."""
        return median(self.pings_s) if self.pings_s else None

    @property
    def max_s(self) -> float | None:
        """The slowest round trip."""
        return max(self.pings_s, default=None)

    @property
    def verdict(self) -> Verdict:
        """The same as a verdict. Losing something that is not required is a warning, never critical."""
        level = LEVELS[self.status]
        if level is Level.CRITICAL and not self.required:
            level = Level.WARNING
        return Verdict(self.name, level, self.reason, self.action)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "status": self.status.value,
            "level": self.verdict.level.value,
            "required": self.required,
            "min_s": self.min_s,
            "median_s": self.median_s,
            "max_s": self.max_s,
            "reason": self.reason,
            "action": self.action,
        }


@dataclass(frozen=True, slots=True)
class Health:
    """Every dependency, in the order of the tiers."""

    dependencies: tuple[Dependency, ...]

    def __iter__(self) -> Iterator[Dependency]:
        return iter(self.dependencies)

    def __getitem__(self, name: str) -> Dependency:
        for dependency in self.dependencies:
            if dependency.name == name:
                return dependency
        raise KeyError(name)

    @property
    def ready(self) -> bool:
        """Whether this process can do its work (perhaps degraded)."""
        return all(d.status is not Status.DOWN for d in self.dependencies if d.name in NEEDED_TO_BE_READY)

    @property
    def status(self) -> Status:
        """`ok`, `degraded` when anything is amiss, `down` when the process cannot do its work."""
        if not self.ready:
            return Status.DOWN
        return Status.OK if all(d.status is Status.OK for d in self.dependencies) else Status.DEGRADED

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of required dependencies that did not answer."""
        return tuple(d.name for d in self.dependencies if d.required and d.status is Status.DOWN)

    def to_dict(self) -> dict[str, Any]:
        return {"status": self.status.value, "ready": self.ready, "dependencies": [d.to_dict() for d in self.dependencies]}
