"""Commands: what each server says of its own times in the window,
from the growth of its histograms, and of its error replies.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from prosepolish_core.calc.quantiles import NOTHING, Quantile, locate
from prosepolish_core.model.series import IncreaseSeries, SlowRow
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

BUCKET, CALLS, USEC = "latency_bucket", "cmdstat_calls", "cmdstat_usec"
FAILED, REJECTED, ERRORS = "cmdstat_failed_calls", "cmdstat_rejected_calls", "errorstat_count"
#: Calls of our own collectors, counted at the same instants.
OURS = "collector_command_calls"
#: Entries that a server's log lost between two readings.
MISSED = "slowlog_missed"
#: Whether the collectors may read a server's log of slow commands.
READABLE = "slowlog_readable"
#: Rows shown: the commands that took most of the server's time.
MOST = 25


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command of one server in the window, without our own collectors' calls and their share of its time.

    Percentiles, in seconds, are of all calls, ours included; NaN where the server keeps no histogram (6.2).
    """

    source: str
    command: str
    calls: float
    total_s: float
    p50: Quantile
    p99: Quantile
    failed: float

    @property
    def mean_s(self) -> float:
        """Time per call, from the same increases."""
        return self.total_s / self.calls if self.calls else float("nan")


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """Error replies of one server by their first word."""

    source: str
    error: str
    count: float


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands by the time they took in all, most first; errors by number; the newest entries of the servers' own logs.

    `missed`: entries the logs lost before they were read. `unread`: servers whose logs the collectors have no right to
    read.
    """

    rows: tuple[CommandRow, ...]
    errors: tuple[ErrorRow, ...]
    slow: tuple[SlowRow, ...]
    missed: float
    unread: tuple[str, ...] = ()


def build(samples: SampleReader, window: Window) -> Commands:
    """Read and compute. Raises StoreUnavailable."""
    buckets: dict[tuple[str, str], dict[float, float]] = defaultdict(dict)
    sums: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    errors: dict[tuple[str, str], float] = defaultdict(float)
    missed = 0.0
    for series in samples.increases((BUCKET, CALLS, USEC, FAILED, REJECTED, OURS, ERRORS, MISSED), window, points=1):
        source, metric, labels = series.key.source, series.key.metric, dict(series.key.labels)
        if metric == ERRORS:
            errors[source, labels.get("error", "")] += _total(series)
        elif metric == MISSED:
            missed += _total(series)
        elif metric == BUCKET:
            bound = float(labels.get("le", "inf"))
            of = buckets[source, labels.get("cmd", "")]
            of[bound] = of.get(bound, 0.0) + _total(series)
        else:
            sums[source, labels.get("cmd", "")][metric] += _total(series)
    rows = [_row(*key, of, buckets.get(key, {})) for key, of in sums.items() if of[CALLS] > of[OURS] or of[REJECTED]]
    found = (ErrorRow(*key, count) for key, count in errors.items() if count)
    return Commands(
        tuple(sorted(rows, key=lambda row: (-row.total_s, row.source, row.command))[:MOST]),
        tuple(sorted(found, key=lambda row: (-row.count, row.source, row.error))),
        tuple(samples.slow_commands(window, MOST)),
        missed,
        tuple(sorted(reading.key.source for reading in samples.latest((READABLE,), at=window.end) if not reading.value)),
    )


def _row(source: str, command: str, of: dict[str, float], buckets: dict[float, float]) -> CommandRow:
    p50, p99 = (percentile(buckets, q) for q in (0.5, 0.99))
    theirs = max(0.0, of[CALLS] - of[OURS])
    spent_s = of[USEC] / 1e6 * (theirs / of[CALLS] if of[CALLS] else 0.0)
    return CommandRow(source, command, theirs, spent_s, p50, p99, of[FAILED] + of[REJECTED])


def percentile(buckets: dict[float, float], q: float) -> Quantile:
    """The quantile of what a cumulative histogram grew by; the true value lies in the bucket it names."""
    bounds = sorted(buckets)
    counts = np.maximum.accumulate([round(buckets[bound]) for bound in bounds]) if bounds else np.array([], dtype=int)
    return locate(bounds, counts.tolist(), q) if bounds and counts[-1] else NOTHING


def _total(series: IncreaseSeries) -> float:
    return float(np.nansum(series.increase))
