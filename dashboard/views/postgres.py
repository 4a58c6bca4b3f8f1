"""PostgreSQL: connections against the limit, work, cache hits, deadlocks, and the biggest tables."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from prosepolish_core.calc.freshness import fresh
from prosepolish_core.model.series import GaugeSeries, IncreaseSeries, Mark
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

from .marks import about
from .trust import Trust, of_samples

COLLECTOR, SOURCE = "postgres_stats", "postgres"
CONNECTIONS, MOST_CONNECTIONS, SIZE = "postgres_connections", "postgres_max_connections", "postgres_database_size"
LONGEST, UPTIME, STANDBY = "postgres_longest_transaction_seconds", "postgres_uptime_seconds", "postgres_in_recovery"
COMMITS, ROLLBACKS = "postgres_xact_commit", "postgres_xact_rollback"
READ, HIT = "postgres_blks_read", "postgres_blks_hit"
DEADLOCKS, SPILLED = "postgres_deadlocks", "postgres_temp_bytes"
COUNTERS = (COMMITS, ROLLBACKS, READ, HIT, DEADLOCKS, SPILLED)
TABLE = "postgres_table_"
TABLE_GAUGES = ("size", "live_rows", "dead_rows")
STANDBY_GAUGES = ("streaming", "lag_bytes", "lag_seconds")
SLOT_GAUGES = ("active", "retained_bytes")
POINTS = 90


@dataclass(frozen=True, slots=True)
class TableRow:
    """One table: bytes with its indexes, rows, and rows that are deleted but not yet cleared away. NaN is unknown."""

    name: str
    size: float
    live: float
    dead: float

    @property
    def dead_share(self) -> float:
        """Dead rows of all rows (0-1); NaN for an empty table."""
        every = self.live + self.dead
        return self.dead / every if every else float("nan")


@dataclass(frozen=True, slots=True)
class StandbyRow:
    """One standby as its primary sees it. NaN is unknown."""

    name: str
    streaming: float
    lag_bytes: float
    lag_s: float


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One replication slot: whether somebody reads it, and the log it keeps from being removed. NaN is unknown."""

    name: str
    active: float
    retained: float


@dataclass(frozen=True, slots=True)
class PostgresView:
    """Everything the PostgreSQL page shows. Newest readings are NaN where they do not speak of now.

    `states` are connections by what they do; `increases` are sums over the window.
    """

    window: Window
    trust: Trust
    version: str
    states: dict[str, float]
    most_connections: float
    size: float
    longest_s: float
    uptime_s: float
    in_recovery: bool
    increases: dict[str, float]
    connections: tuple[GaugeSeries, ...]
    work: dict[str, IncreaseSeries]
    tables: tuple[TableRow, ...]
    standbys: tuple[StandbyRow, ...]
    slots: tuple[SlotRow, ...]
    marks: tuple[Mark, ...]

    @property
    def used(self) -> float:
        """Open connections in all; NaN when none are known."""
        return sum(self.states.values()) if self.states else float("nan")

    @property
    def cache_hits(self) -> float | None:
        """Share of blocks found in PostgreSQL's own memory over the window (0-1)."""
        found = self.increases.get(HIT, np.nan)
        every = found + self.increases.get(READ, np.nan)
        return found / every if every > 0 else None

    @property
    def rolled_back(self) -> float | None:
        """Share of transactions that were rolled back over the window (0-1)."""
        back = self.increases.get(ROLLBACKS, np.nan)
        every = back + self.increases.get(COMMITS, np.nan)
        return back / every if every > 0 else None


def build(samples: SampleReader, window: Window) -> PostgresView:
    """Read and compute. Raises StoreUnavailable."""
    of_labels: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    single: dict[str, float] = {}
    for reading in fresh(samples.latest((), SOURCE, window.end), window.end):
        metric, labels = reading.key.metric, dict(reading.key.labels)
        if not labels:
            single[metric] = reading.value
        for label, value in labels.items():
            of_labels[label][value][metric] = reading.value
    work = {i.key.metric: i for i in samples.increases(COUNTERS, window, POINTS, SOURCE)}
    marks = about(samples.marks(window), SOURCE)
    tables = [
        TableRow(name, *(of.get(f"{TABLE}{field}", np.nan) for field in TABLE_GAUGES)) for name, of in of_labels["table"].items()
    ]
    standbys = [
        StandbyRow(name, *(of.get(f"postgres_standby_{field}", np.nan) for field in STANDBY_GAUGES))
        for name, of in of_labels["standby"].items()
    ]
    slots = [
        SlotRow(name, *(of.get(f"postgres_slot_{field}", np.nan) for field in SLOT_GAUGES))
        for name, of in of_labels["slot"].items()
    ]
    coverage = samples.coverage(COLLECTOR, window, SOURCE)
    return PostgresView(
        window,
        of_samples(coverage, marks, "PostgreSQL's own statistics", window.end, samples.pulses(COLLECTOR, window.end)),
        samples.state(SOURCE, window.end).get("version", ""),
        {state: of[CONNECTIONS] for state, of in sorted(of_labels["state"].items()) if CONNECTIONS in of},
        single.get(MOST_CONNECTIONS, np.nan),
        single.get(SIZE, np.nan),
        single.get(LONGEST, np.nan),
        single.get(UPTIME, np.nan),
        single.get(STANDBY) == 1.0,
        {metric: float(np.nansum(series.increase)) for metric, series in work.items() if np.isfinite(series.increase).any()},
        tuple(samples.gauges((CONNECTIONS,), window, POINTS, SOURCE)),
        work,
        tuple(sorted(tables, key=lambda row: -np.nan_to_num(row.size))),
        tuple(standbys),
        tuple(slots),
        marks,
    )
