"""The core's counts as counters that only grow:
windows of the store, each added once, since this process began to read.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ...model.counts import LedgerTotal
from ...model.llm import added
from ...model.window import Window
from ...ports import TelemetryReader

#: Buckets younger than this may still be flushed; they are added at a later scrape.
SETTLED = timedelta(seconds=30)
BUCKET_S = 10
#: What two ledger rows of one kind, model and task add up beside their tokens.
SUMMED = (*("calls", "unpriced", "unknown", "sent", "cost_usd", "discount_usd", "duration_s", "then_usd", "then_unpriced"),)

#: What tells ledger rows apart on /metrics.
APART = ("kind", "line", "model", "provenance", "task")

Histogram = tuple[tuple[float, ...], tuple[int, ...], float]


@dataclass(slots=True)
class Totals:
    """Sums since the start: by family, tier and outcome; by family and tier; by the marks of ledger rows; by event."""

    lookups: dict[tuple[str, str, str], tuple[int, int, float]] = field(default_factory=dict)
    latency: dict[tuple[str, str], Histogram] = field(default_factory=dict)
    llm: dict[tuple[str, ...], LedgerTotal] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)


class CoreTotals:
    """Adds up what was flushed since the last scrape. Thread-safe. Raises StoreUnavailable when PostgreSQL is away."""

    def __init__(self, reader: TelemetryReader, start: datetime | None = None) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._until = _floor(start or datetime.now(UTC) - timedelta(hours=1))
        self._totals = Totals()

    def read(self, now: datetime | None = None) -> Totals:
        """The sums up to the newest settled bucket. Nothing is added when a part cannot be read."""
        until = _floor((now or datetime.now(UTC)) - SETTLED)
        with self._lock:
            if until > self._until:
                window = Window(self._until, until)
                lookups, latency = self._reader.lookups(window, 1), self._reader.latency(window, 1)
                ledger, events = self._reader.ledger(window, 1), self._reader.events(window)
                for row in lookups:
                    steps, answers, seconds = self._totals.lookups.get(key := (row.family, row.tier, row.outcome), (0, 0, 0.0))
                    self._totals.lookups[key] = (steps + row.steps, answers + row.answers, seconds + row.sum_s)
                for found in latency:
                    self._add_latency((found.family, found.tier), (found.bounds_s, found.counts, found.sum_s))
                for total in ledger:
                    self._add_ledger(total)
                self._add_events(events)
                self._until = until
            return self._totals

    def _add_latency(self, key: tuple[str, str], new: Histogram) -> None:
        old = self._totals.latency.get(key, (new[0], (0,) * len(new[1]), 0.0))
        self._totals.latency[key] = (new[0], tuple(a + b for a, b in zip(old[1], new[1], strict=True)), old[2] + new[2])

    def _add_ledger(self, new: LedgerTotal) -> None:
        key = tuple(getattr(new, name) for name in APART)
        old = self._totals.llm.get(key)
        self._totals.llm[key] = new if old is None else new._replace(**added((old, new), *SUMMED))

    def _add_events(self, new: Mapping[str, int]) -> None:
        for name, number in new.items():
            self._totals.events[name] = self._totals.events.get(name, 0) + number


def _floor(instant: datetime) -> datetime:
    seconds = int(instant.timestamp())
    return datetime.fromtimestamp(seconds - seconds % BUCKET_S, UTC)
