"""Collectors: do they run on time?

Runs, failures, durations, lag and coverage per collector and source, and what they cost.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from prosepolish_core.calc.freshness import fresh, limit_s
from prosepolish_core.model.sample import INFO, RunOutcome
from prosepolish_core.model.series import Instants, Mark, Numbers, Reading, RunCount, RunRow
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

from . import capabilities, footprint
from .marks import about
from .trust import Trust, of_samples

#: Where the numbers of the page are from.
RECORD = "the collectors' own record of their runs"
#: Newest runs read for the chart and the times; more would not be legible. All runs are counted.
MOST_RUNS = 1500
#: Failed runs that are listed.
MOST_FAILURES = 20
#: The collectors' readings about themselves.
OWN_METRICS = ("collector_spool_bytes", "collector_spool_batches")
#: From the instant a tick was due to the moment its runs were kept, newest tick of each collector.
LAG = "collector_lag_seconds"
#: The string that names INFO fields our table does not know yet; they are kept as gauges.
NEW_FIELDS = "unknown_fields"
#: Details of a refused run that tell of the server's version or our rights.
LACKING = frozenset({"unknown_command", "no_permission", "unsupported"})


@dataclass(frozen=True, slots=True)
class CollectorRow:
    """One collector reading one source: runs and failures of the whole window, times of the newest runs.

    `coverage`: good runs among those that were due. `stopped`: no run has come for more than three intervals.
    """

    collector: str
    source: str
    runs: int
    failures: int
    p50_s: float
    p95_s: float
    newest: datetime
    age_s: float
    coverage: float
    samples: int
    last_outcome: str
    last_detail: str
    stopped: bool = False
    lag_s: float | None = None


@dataclass(frozen=True, slots=True)
class DurationLine:
    """How long each run of one collector against one source took."""

    name: str
    ts: Instants
    seconds: Numbers
    source: str = ""


@dataclass(frozen=True, slots=True)
class CollectorsView:
    """Everything the Collectors page shows."""

    window: Window
    trust: Trust
    rows: tuple[CollectorRow, ...]
    slowest: tuple[DurationLine, ...]
    failures: tuple[RunRow, ...]
    own: tuple[Reading, ...]
    marks: tuple[Mark, ...]
    footprint: footprint.Footprint
    lacking: tuple[capabilities.Lacking, ...]
    new_fields: tuple[tuple[str, str], ...]


def build(samples: SampleReader, window: Window) -> CollectorsView:
    """Read and compute. Raises StoreUnavailable."""
    runs, marks = samples.runs(window, MOST_RUNS), samples.marks(window)
    grouped = _grouped(runs)
    counted: dict[tuple[str, str], list[RunCount]] = defaultdict(list)
    for count in samples.run_counts(window):
        counted[count.collector, count.source].append(count)
    drawn = slowest([_durations(key, of_key) for key, of_key in grouped.items()])
    own = fresh(samples.latest((*OWN_METRICS, LAG), at=window.end), window.end)
    lags = {dict(r.key.labels).get("collector", ""): r.value for r in own if r.key.metric == LAG}
    return CollectorsView(
        window,
        of_samples(samples.coverage(INFO, window), marks, RECORD, window.end, samples.pulses(INFO, window.end)),
        tuple(_row(key, grouped.get(key, []), counts, window, lags.get(key[0])) for key, counts in sorted(counted.items())),
        tuple(drawn),
        tuple(run for run in samples.runs(window, MOST_FAILURES * 5, failed=True) if failed(run))[:MOST_FAILURES],
        tuple(reading for reading in own if reading.key.metric in OWN_METRICS),
        about(marks, *(line.source for line in drawn)),
        footprint.build(samples, window),
        capabilities.build(samples, window.end),
        tuple((source, told) for source in samples.sources() if (told := samples.state(source, window.end).get(NEW_FIELDS))),
    )


def failed(run: RunRow | RunCount) -> bool:
    """Whether something went wrong.

    A command that a server does not run for us is a capability it lacks; INFO it must run.
    """
    if run.outcome == RunOutcome.REFUSED and all(told.rpartition("=")[2] in LACKING for told in run.detail.split(",")):
        return run.collector == INFO
    return run.outcome != RunOutcome.OK


def slowest(durations: Sequence[DurationLine], most: int = 6) -> list[DurationLine]:
    """The few whose slowest runs took longest: more lines would not be legible."""
    return sorted(durations, key=lambda line: -float(np.quantile(line.seconds, 0.95)))[:most]


def _grouped(runs: Sequence[RunRow]) -> dict[tuple[str, str], list[RunRow]]:
    grouped: dict[tuple[str, str], list[RunRow]] = defaultdict(list)
    for run in runs:
        grouped[run.collector, run.source].append(run)
    return dict(sorted(grouped.items()))


def _row(
    key: tuple[str, str], newest: Sequence[RunRow], counts: Sequence[RunCount], window: Window, lag_s: float | None
) -> CollectorRow:
    last = max(counts, key=lambda count: count.last)
    times = np.array([run.duration_s for run in newest] or [np.nan])
    age_s = max(0.0, (window.end - (newest[0].ts if newest else last.last)).total_seconds())
    every_s = usual_s(newest, counts)
    return CollectorRow(
        *key,
        runs=sum(count.runs for count in counts),
        failures=sum(count.runs for count in counts if failed(count)),
        p50_s=float(np.quantile(times, 0.5)),
        p95_s=float(np.quantile(times, 0.95)),
        newest=newest[0].ts if newest else last.last,
        age_s=age_s,
        coverage=covered(counts, every_s, window),
        samples=newest[0].samples if newest else 0,
        last_outcome=newest[0].outcome if newest else last.outcome,
        last_detail=newest[0].detail if newest else last.detail,
        stopped=age_s > limit_s(every_s),
        lag_s=lag_s,
    )


def usual_s(newest: Sequence[RunRow], counts: Sequence[RunCount]) -> float | None:
    """The usual seconds between two runs: by the newest ones, else over all; None after a single run."""
    instants = np.array([run.ts.timestamp() for run in newest])
    if len(instants) > 1:
        return float(np.median(-np.diff(instants))) or None
    runs = sum(count.runs for count in counts)
    span_s = (max(count.last for count in counts) - min(count.first for count in counts)).total_seconds()
    return span_s / (runs - 1) if runs > 1 and span_s else None


def covered(counts: Sequence[RunCount], every_s: float | None, window: Window) -> float:
    """Good runs among those that were due in the window. A run that failed stored nothing."""
    good = sum(count.runs for count in counts if not failed(count))
    if every_s is None:
        return 0.0
    return min(1.0, good / max(1.0, window.seconds / every_s))


def _durations(key: tuple[str, str], runs: Sequence[RunRow]) -> DurationLine:
    oldest_first = runs[::-1]
    ts = np.array([run.ts.replace(tzinfo=None) for run in oldest_first], dtype="datetime64[ms]")
    return DurationLine(f"{key[0]} · {key[1]}", ts, np.array([run.duration_s for run in oldest_first]), key[1])
