"""How the stack stands: each dependency up, degraded, down or unknown, since when, and what that does to users.

The four tiers are dependencies too; those carry the calls made to them. Instants are seconds since the epoch.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from statistics import median
from typing import Any, NamedTuple

from .health import Level, Verdict
from .outcome import Tier


class State(StrEnum):
    """From good to bad. Unknown lies between: missing evidence is worse than a good answer, and better than a fault."""

    UP = "up"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    DOWN = "down"

    @property
    def rank(self) -> int:
        """0 for up … 3 for down."""
        return list(State).index(self)

    @property
    def amiss(self) -> bool:
        """Whether something is known to be wrong."""
        return self in {State.DEGRADED, State.DOWN}


COLLECTORS = "collectors"
#: Every dependency in the order of the tiers, and what it is called on screen and in messages.
LABELS: Mapping[str, str] = {
    Tier.REDIS.value: "Redis (cache)",
    "state": "Redis (state)",
    Tier.POSTGRES.value: "PostgreSQL",
    Tier.DICTIONARY_API.value: "Dictionary API",
    Tier.GEMINI.value: "Gemini",
    COLLECTORS: "Collectors",
}
#: Without these nobody can work with the product: losing one is critical, losing another one a warning.
REQUIRED = frozenset({Tier.REDIS.value, "state", Tier.POSTGRES.value})
#: Without these this process cannot do its work; losing any other one only degrades it.
NEEDED_TO_BE_READY = frozenset({Tier.POSTGRES.value})
LEVELS = {State.UP: Level.OK, State.UNKNOWN: Level.UNKNOWN, State.DEGRADED: Level.WARNING, State.DOWN: Level.CRITICAL}


@dataclass(frozen=True, slots=True)
class Probed:
    """What one asking found. `pings_s` are round trips by the monotonic clock, `at` when the answer was given.

    `reached`: whether anything answered at the address. `soft`: asked again it may be well.
    """

    name: str
    state: State
    reason: str
    action: str = ""
    pings_s: tuple[float, ...] = ()
    at: float = 0.0
    reached: bool = True
    soft: bool = False


class Calls(NamedTuple):
    """Calls made to one tier, by what came of them. `seen_at`: when the newest of them were counted."""

    answered: int
    refused: int
    timeouts: int
    errors: int
    seen_at: float

    @property
    def failed(self) -> int:
        """Those in which the tier could not do its work."""
        return self.refused + self.timeouts + self.errors

    @property
    def asked(self) -> int:
        """All of them."""
        return self.answered + self.failed


class Effect(NamedTuple):
    """What users get at present: of `calls` in the last minute `lost` found no answer.

    `instead`: the tier that answers most while this one does not. `added_s`: how much longer a lookup takes than before
    the fault. Both are None where nothing can be said.
    """

    calls: int
    lost: int
    instead: str | None = None
    added_s: float | None = None


class Trouble(NamedTuple):
    """A stretch of time in which a dependency was not well, and the worst of it."""

    began: float
    ended: float
    worst: State
    reason: str

    def to_dict(self) -> dict[str, Any]:
        return {"began": _iso(self.began), "ended": _iso(self.ended), "state": self.worst.value, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Standing:
    """One dependency.

    `since`: when the present state began. `seen_at`: the age of the evidence. `last_good`: when it was last seen well.
    `onset`: while it is not well, since when it is not, and `worst` how bad it was since; `past`: the trouble before,
    once that is over. `incident`: the id of the newest one that goes on about it.
    `better_since`, `up_since`, `answering_since`, `soft_since` and `falls` are the judge's own memory.
    """

    name: str
    state: State
    reason: str
    action: str
    since: float
    seen_at: float
    last_good: float | None = None
    pings_s: tuple[float, ...] = ()
    calls: Calls | None = None
    effect: Effect | None = None
    incident: str = ""
    onset: float | None = None
    worst: State = State.UP
    past: Trouble | None = None
    better_since: float | None = None
    up_since: float | None = None
    answering_since: float | None = None
    soft_since: float | None = None
    falls: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """Its name on screen."""
        return LABELS.get(self.name, self.name)

    @property
    def required(self) -> bool:
        """Whether losing it is critical."""
        return self.name in REQUIRED

    @property
    def round_trips_s(self) -> tuple[float, ...]:
        """The newest round trips; none while it is down: a refusal comes quickly, and is no answer."""
        return () if self.state is State.DOWN else self.pings_s

    @property
    def median_s(self) -> float | None:
        """The round trip in the middle of the newest ones."""
        return median(self.round_trips_s) if self.round_trips_s else None

    @property
    def verdict(self) -> Verdict:
        """The same as a verdict. Losing something that is not required is a warning, never critical."""
        level = LEVELS[self.state]
        if level is Level.CRITICAL and not self.required:
            level = Level.WARNING
        return Verdict(self.label, level, self.reason, self.action)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "state": self.state.value,
            "since": _iso(self.since),
            "last_good": _iso(self.last_good),
            "seen_at": _iso(self.seen_at),
            "level": self.verdict.level.value,
            "required": self.required,
            "min_s": min(self.round_trips_s, default=None),
            "median_s": self.median_s,
            "max_s": max(self.round_trips_s, default=None),
            "reason": self.reason,
            "action": self.action,
            "incident": self.incident or None,
            "before": self.past.to_dict() if self.past else None,
            "calls": self.calls._asdict() | {"seen_at": _iso(self.calls.seen_at)} if self.calls else None,
            "effect": self.effect._asdict() if self.effect else None,
        }


class OpenIncident(NamedTuple):
    """An incident that goes on. `sentence`: what it is about, where no standing says it."""

    id: str
    cause: str
    level: Level
    began: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Standings:
    """Every dependency, in the order of the tiers, as judged at one instant; and what else goes on, worst first.

    `incidents` are those that no standing tells of: a cache that was flushed stands as well as any.
    """

    all: tuple[Standing, ...]
    at: float
    incidents: tuple[OpenIncident, ...] = ()

    @classmethod
    def of(cls, found: Mapping[str, Standing], at: float, incidents: Iterable[OpenIncident] = ()) -> "Standings":
        """These, in the order of the tiers."""
        told = {standing.incident for standing in found.values()} - {""}
        untold = [incident for incident in incidents if incident.sentence and incident.id not in told]
        worst_first = sorted(untold, key=lambda incident: (-incident.level.rank, incident.began))
        return cls(tuple(found[name] for name in LABELS if name in found), at, tuple(worst_first))

    def __iter__(self) -> Iterator[Standing]:
        return iter(self.all)

    def __getitem__(self, name: str) -> Standing:
        for standing in self.all:
            if standing.name == name:
                return standing
        raise KeyError(name)

    @property
    def worst_first(self) -> tuple[Standing, ...]:
        """The worst first; of two that are as bad the required one, then the older fault."""
        return tuple(sorted(self.all, key=lambda s: (-s.state.rank, not s.required, s.since)))

    @property
    def amiss(self) -> tuple[Standing, ...]:
        """What is degraded or down, worst first."""
        return tuple(standing for standing in self.worst_first if standing.state.amiss)

    @property
    def ready(self) -> bool:
        """Whether this process can do its work (perhaps degraded)."""
        return all(s.state is not State.DOWN for s in self.all if s.name in NEEDED_TO_BE_READY)

    @property
    def state(self) -> State:
        """`down` when the process cannot do its work, `degraded` when anything is amiss or goes on,
        else `unknown` or `up`.
        """
        if not self.ready:
            return State.DOWN
        if self.amiss or self.incidents:
            return State.DEGRADED
        return max((s.state for s in self.all), key=lambda state: state.rank, default=State.UNKNOWN)

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of those that are down."""
        return tuple(s.name for s in self.all if s.state is State.DOWN)

    def to_dict(self) -> dict[str, Any]:
        return {
            "state": self.state.value,
            "ready": self.ready,
            "at": _iso(self.at),
            "dependencies": [standing.to_dict() for standing in self.all],
            "incidents": [incident._asdict() | {"began": _iso(incident.began)} for incident in self.incidents],
        }


def _iso(instant: float | None) -> str | None:
    return None if instant is None else datetime.fromtimestamp(instant, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
