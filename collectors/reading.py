"""What a collector is: a name, an interval, a time-out, a budget, and one function that reads one source once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import SourceRefused, SourceTimeout, SourceUnavailable, StoreUnavailable
from prosepolish_core.model.sample import Run, RunOutcome, Sample, SlowCommand
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.series.retention import Kept


class Found(NamedTuple):
    """What one reading gave. `detail` is a short machine word or list of them, never a value read from a key."""

    samples: tuple[Sample, ...] = ()
    state: Mapping[str, str] = {}
    detail: str = ""
    slow: tuple[SlowCommand, ...] = ()


@dataclass(slots=True)
class Instance:
    """One observed Redis or Valkey server. `memory` is each collector's own notebook between two readings."""

    source: str
    observer: Observer
    memory: dict[str, Any] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew with this instance: another collector has observed it, or does from now on.

        Our counts go on from nothing, as after a restart: set beside the other's, a leap between the two would be a lie.
        """
        for kept in list(self.memory.values()):
            if callable(stop := getattr(kept, "stop", None)):
                stop()
        self.memory.clear()
        self.observer.charges.clear()


@dataclass(slots=True)
class Database:
    """The PostgreSQL behind the store, observed as a source of its own. `kept`: how long each resolution is kept there."""

    source: str
    pool: PostgresPool
    kept: Kept = field(default_factory=Kept)


class Target(Protocol):
    """Whatever is read as a source."""

    @property
    def source(self) -> str:
        """Its name in the store."""


T = TypeVar("T", bound=Target)


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One row of the schedule. The interval is `factor` times the configured one, and never under `at_least_s`.

    `once` says whether it belongs to a single round, or only to a process that stays.
    """

    name: str
    about: str
    read: Callable[[T, "Entry[T]"], Found]
    factor: float = 1.0
    at_least_s: float = 1.0
    timeout_s: float = 2.0
    budget_s: float = 0.05
    once: bool = True

    def interval_s(self, base_s: float) -> int:
        """Whole seconds between two runs: ticks are whole seconds."""
        return max(1, round(max(self.at_least_s, self.factor * base_s)))


#: Which outcome each fault of a source is. The order matters: a time-out is also an unavailability.
OUTCOMES: tuple[tuple[type[Exception], RunOutcome], ...] = (
    (SourceRefused, RunOutcome.REFUSED),
    (SourceTimeout, RunOutcome.TIMEOUT),
    (SourceUnavailable, RunOutcome.ERROR),
    (StoreUnavailable, RunOutcome.ERROR),
)


def failed(collector: str, source: str, tick: int, error: Exception, duration_s: float) -> Run:
    """The run of a source that could not be read: its outcome and no samples."""
    outcome = next((outcome for kind, outcome in OUTCOMES if isinstance(error, kind)), RunOutcome.ERROR)
    known = isinstance(error, tuple(kind for kind, _ in OUTCOMES))
    return Run(
        collector, source, tick, datetime.now(UTC), duration_s, outcome, detail=str(error) if known else type(error).__name__
    )


def read_once(entry: Entry[T], target: T, tick: int) -> Run:
    """Read one source once. Never raises for a fault of the source."""
    began = time.monotonic()
    try:
        found = entry.read(target, entry)
    except tuple(kind for kind, _ in OUTCOMES) as error:
        return failed(entry.name, target.source, tick, error, time.monotonic() - began)
    duration = time.monotonic() - began
    return Run(entry.name, target.source, tick, datetime.now(UTC), duration, RunOutcome.OK, *found)


def all_refused(replies: Sequence[Any], names: Sequence[str]) -> str:
    """Which commands the instance does not run for us, for the run's detail. Raises SourceRefused when it runs none."""
    refused = {name: reply for name, reply in zip(names, replies, strict=True) if isinstance(reply, SourceRefused)}
    if len(refused) == len(names):
        raise next(iter(refused.values()))
    return ",".join(f"{name}={reason}" for name, reason in refused.items())
