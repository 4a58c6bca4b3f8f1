"""What a collector is: a name, an interval, a time-out, a budget, and one function that reads one source once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import structlog

from prosepolish_core.calc.roster import gathered
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import NoAnswer, SourceRefused, SourceTimeout, SourceUnavailable, SourceUnreadable, StoreUnavailable
from prosepolish_core.model.sample import Run, RunOutcome, Sample, SlowCommand
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.series.retention import Kept

log = structlog.get_logger("collectors")


class SourceReply(NamedTuple):
    """What one reading gave. `detail` is a short machine word or list of them, never a value read from a key.

    `missing` names what was asked and not answered; what was answered is kept.
    """

    samples: tuple[Sample, ...] = ()
    state: Mapping[str, str] = {}
    detail: str = ""
    slow: tuple[SlowCommand, ...] = ()
    missing: tuple[NoAnswer, ...] = ()


@dataclass(slots=True)
class ObservedServer:
    """One observed Redis or Valkey server. `memory` is each collector's own notebook between two readings.

    `exported` gives the settings that an administrator exported for it: CONFIG GET is not among the collectors' rights.
    """

    source: str
    observer: Observer
    memory: dict[str, Any] = field(default_factory=dict)
    exported: Callable[[], dict[str, str]] = dict

    def forget(self) -> None:
        """Drop all that was remembered of this server, because another collector reads it now, or did until now.

        Our own counters then start at zero, which readers see as a reset. Old counts beside the other collector's would
        look like traffic that never was.
        """
        for kept in list(self.memory.values()):
            if callable(stop := getattr(kept, "stop", None)):
                stop()
        self.memory.clear()
        self.observer.charges.clear()

    def hang_up(self) -> None:
        """Another server answers to the name than before: every connection is opened anew, to where it leads now."""
        self.observer.close()
        for kept in list(self.memory.values()):
            if callable(leave := getattr(kept, "leave", None)):
                leave()


@dataclass(slots=True)
class Database:
    """The PostgreSQL behind the store, observed as a source of its own.

    `kept`: how long each resolution is kept there.
    """

    source: str
    pool: PostgresPool
    kept: Kept = field(default_factory=Kept)


class Target(Protocol):
    """Whatever is read as a source."""

    @property
    def source(self) -> str:
        """Its name in the store."""


T = TypeVar("T", bound=Target)
Sweep = Callable[[Sequence[T], "ScheduledRead[T]", int], list[Run]]


@dataclass(frozen=True, slots=True)
class ScheduledRead(Generic[T]):
    """One row of the schedule. The interval is `factor` times the configured one, and never under `at_least_s`.

    `once` says whether it belongs to a single round, or only to a process that stays. `sweep` reads many sources at
    once; where there is none, `read` is called for each.
    """

    name: str
    about: str
    read: Callable[[T, "ScheduledRead[T]"], SourceReply]
    factor: float = 1.0
    at_least_s: float = 1.0
    timeout_s: float = 2.0
    budget_s: float = 0.05
    once: bool = True
    sweep: "Sweep[T] | None" = None

    def interval_s(self, base_s: float) -> int:
        """Whole seconds between two runs: ticks are whole seconds."""
        return max(1, round(max(self.at_least_s, self.factor * base_s)))


#: Which outcome each fault of a source is. The order matters: a time-out is also an unavailability.
OUTCOMES: tuple[tuple[type[Exception], RunOutcome], ...] = (
    (SourceRefused, RunOutcome.REFUSED),
    (SourceUnreadable, RunOutcome.ERROR),
    (SourceTimeout, RunOutcome.TIMEOUT),
    (SourceUnavailable, RunOutcome.ERROR),
    (StoreUnavailable, RunOutcome.ERROR),
)


def run_of(entry: "ScheduledRead[Any]", source: str, tick: int, read: Callable[[], SourceReply]) -> Run:
    """Read behind the wall that stands around each source and collector:
    whatever goes wrong inside is this run's outcome.

    An error that nobody foresaw comes from a reply that nobody foresaw. It may quote that reply, so only its kind is
    logged.
    """
    began = time.monotonic()
    try:
        found = read()
    except tuple(kind for kind, _ in OUTCOMES) as error:
        fault: Exception = error
    except Exception as error:  # noqa: BLE001 - the wall
        log.warning("reply_not_read", collector=entry.name, source=source, error=type(error).__name__, where=_where(error))
        fault = SourceUnreadable()
    else:
        outcome = RunOutcome.OK
        if any(isinstance(fault, SourceUnreadable) for fault in found.missing):
            outcome = RunOutcome.ERROR
        detail = ",".join(filter(None, (found.detail, *(fault.told for fault in found.missing))))
        duration = time.monotonic() - began
        samples = gathered(found.samples)
        return Run(entry.name, source, tick, datetime.now(UTC), duration, outcome, samples, found.state, detail, found.slow)
    outcome = next(outcome for kind, outcome in OUTCOMES if isinstance(fault, kind))
    detail = fault.told if isinstance(fault, NoAnswer) else str(fault)
    return Run(entry.name, source, tick, datetime.now(UTC), time.monotonic() - began, outcome, detail=detail)


def read_once(entry: ScheduledRead[T], target: T, tick: int) -> Run:
    """Read one source once. Never raises."""
    return run_of(entry, target.source, tick, lambda: entry.read(target, entry))


def lacking(replies: Sequence[Any]) -> tuple[NoAnswer, ...]:
    """Which of these have no answer. Raises the first when none has one."""
    missing = tuple(reply for reply in replies if isinstance(reply, NoAnswer))
    if missing and len(missing) == len(replies):
        raise missing[0]
    return missing


def _where(error: Exception) -> str:
    """File and line at which an error arose."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
