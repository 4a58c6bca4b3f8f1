"""Hand-made rows and readers that give them back:
a test says what the store holds and reads what a view makes of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from prosepolish_core.model.counts import AccessChunk, EventCounts, LatencyBuckets, LedgerTotal, LookupCounts
from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.model.sample import Kind
from prosepolish_core.model.series import (
    Coverage,
    GaugeSeries,
    IncreaseSeries,
    Mark,
    Pulse,
    Reading,
    RunCount,
    RunRow,
    SeriesKey,
    SlowRow,
)
from prosepolish_core.model.window import Window

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(minutes=15), NOW)


def at(seconds_ago: float) -> datetime:
    """An instant before now."""
    return NOW - timedelta(seconds=seconds_ago)


#: When the newest sample was read, and when a server was asked last.
READ_AT, ASKED_AT = at(20), at(5)


def asked(
    tier: str, outcome: str, steps: int, *, ago: float = 60, family: str = "dict", answers: int | None = None
) -> LookupCounts:
    """One row of counts."""
    final = steps if answers is None and outcome in {"hit", "negative_hit", "stale_hit"} else answers or 0
    return LookupCounts(at(ago), family, tier, outcome, steps, final, steps * 0.001)


def took(tier: str, seconds: Sequence[float], *, ago: float = 60, family: str = "dict") -> LatencyBuckets:
    """A histogram of these times."""
    counts = tuple(sum(s <= bound for s in seconds) for bound in BOUNDS_S)
    return LatencyBuckets(family, tier, at(ago), BOUNDS_S, counts, sum(seconds))


def ledger(
    kind: str,
    calls: int,
    usd: str,
    *,
    unpriced: int = 0,
    ago: float = 60,
    model: str = "gemini-3.5-flash-lite",
    task: str = "correct",
) -> LedgerTotal:
    """One row of the ledger."""
    tokens = (calls * 300, 0, calls * 120, calls * 50)
    return LedgerTotal(at(ago), kind, model, calls, unpriced, *tokens, Decimal(usd), calls * 1.5, task)


def gauge(metric: str, value: float, source: str = "cache") -> GaugeSeries:
    """A gauge that stood still for the last minute."""
    ts = np.array([at(s).replace(tzinfo=None) for s in (60, 40, 20)], dtype="datetime64[ms]")
    values = np.full(3, value)
    return GaugeSeries(SeriesKey(source, metric), ts, values, values, values, values)


def grown(metric: str, by: float, source: str = "cache") -> IncreaseSeries:
    """A counter that grew in one bucket."""
    ts = np.array([at(60).replace(tzinfo=None)], dtype="datetime64[ms]")
    return IncreaseSeries(SeriesKey(source, metric), ts, np.array([by]), np.array([60.0]))


@dataclass
class Telemetry:
    """A TelemetryReader over rows."""

    counts: Sequence[LookupCounts] = ()
    histograms: Sequence[LatencyBuckets] = ()
    rows: Sequence[LedgerTotal] = ()
    event_rows: Sequence[EventCounts] = ()

    def lookups(self, window: Window, points: int = 300) -> list[LookupCounts]:
        """Rows within the window."""
        return [row for row in self.counts if window.start <= row.ts < window.end]

    def latency(self, window: Window, points: int = 1) -> list[LatencyBuckets]:
        """All histograms."""
        return list(self.histograms)

    def ledger(self, window: Window, points: int = 1) -> list[LedgerTotal]:
        """All rows."""
        return list(self.rows)

    def ledger_since(self, provenance: Collection[str]) -> datetime | None:
        """The oldest row."""
        return min((row.ts for row in self.rows if row.provenance in provenance), default=None)

    def events(self, window: Window) -> Mapping[str, int]:
        """Those told, summed."""
        return {name: sum(row.amount for row in self.event_rows if row.name == name) for name in {r.name for r in self.event_rows}}

    def event_courses(self, names: Collection[str], window: Window, points: int = 300) -> list[EventCounts]:
        """Those told."""
        return [row for row in self.event_rows if row.name.partition(":")[0] in names and window.start <= row.ts < window.end]

    def accesses(self, window: Window) -> list[AccessChunk]:
        """None."""
        return []

    def newest(self) -> datetime | None:
        """The newest row's instant."""
        return max((row.ts for row in self.counts), default=None)


FULL = Coverage(1.0, 2.0, 90)


@dataclass
class Samples:
    """A SampleReader over series and runs."""

    gauge_rows: Sequence[GaugeSeries] = ()
    increase_rows: Sequence[IncreaseSeries] = ()
    run_rows: Sequence[RunRow] = ()
    mark_rows: Sequence[Mark] = ()
    slow_rows: Sequence[SlowRow] = ()
    states: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    covered: Coverage = FULL
    outcomes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ages: Mapping[str, float] = field(default_factory=dict)

    def sources(self) -> list[str]:
        """Sources with gauges."""
        return sorted({g.key.source for g in self.gauge_rows})

    def latest(self, metrics: Sequence[str] = (), source: str | None = None, at: datetime | None = None) -> list[Reading]:
        """The last values of the gauges asked for."""
        return [
            Reading(g.key, Kind.GAUGE, "1", float(g.last[-1]), self._read_at(g.key.source), 20.0)
            for g in self.gauge_rows
            if (not metrics or g.key.metric in metrics) and source in {None, g.key.source}
        ]

    def _read_at(self, source: str) -> datetime:
        return NOW - timedelta(seconds=self.ages[source]) if source in self.ages else READ_AT

    def pulses(self, collector: str, at: datetime | None = None) -> list[Pulse]:
        """As told; else every source with gauges answered just now."""
        known = dict.fromkeys(self.sources(), ("ok", "")) | dict(self.outcomes)
        return [Pulse(collector, source, ASKED_AT, outcome, detail, 10.0) for source, (outcome, detail) in known.items()]

    def state(self, source: str, at: datetime | None = None) -> Mapping[str, str]:
        """Strings of the source."""
        return self.states.get(source, {})

    def gauges(self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None) -> list[GaugeSeries]:
        """The gauges asked for."""
        return [g for g in self.gauge_rows if g.key.metric in metrics]

    def increases(
        self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None
    ) -> list[IncreaseSeries]:
        """The increases asked for."""
        return [i for i in self.increase_rows if i.key.metric in metrics]

    def coverage(self, collector: str, window: Window, source: str | None = None) -> Coverage:
        """As told."""
        return self.covered

    def runs(self, window: Window, limit: int = 500, *, failed: bool = False) -> list[RunRow]:
        """The newest runs."""
        return [run for run in self.run_rows if not failed or run.outcome != "ok"][:limit]

    def run_counts(self, window: Window) -> list[RunCount]:
        """All of them, counted."""
        alike: dict[tuple[str, str, str, str], list[datetime]] = {}
        for run in self.run_rows:
            alike.setdefault((run.collector, run.source, run.outcome, run.detail), []).append(run.ts)
        return [RunCount(*key, len(ticks), min(ticks), max(ticks)) for key, ticks in alike.items()]

    def slow_commands(self, window: Window, limit: int = 50) -> list[SlowRow]:
        """The newest entries."""
        return list(self.slow_rows)[:limit]

    def simulated(self) -> list[Window]:
        """Nothing is."""
        return []

    def marks(self, window: Window) -> list[Mark]:
        """All marks."""
        return list(self.mark_rows)
