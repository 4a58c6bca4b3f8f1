"""Collectors: do they run on time?

Runs, failures, durations, lag and coverage per collector and source, and what they cost.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from prosepolish_core.calc.freshness import fresh
from prosepolish_core.model.sample import INFO, RunOutcome
from prosepolish_core.model.series import Instants, Mark, Numbers, Reading, RunRow
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

from . import capabilities, footprint
from .marks import about
from .trust import Trust, of_samples

#: Where the numbers of the page are from.
RECORD = "the collectors' own record of their runs"
#: Newest runs read for the page; more would not be legible.
MOST_RUNS = 1500
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
    """One collector reading one source, over the runs in sight."""

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
    complete: bool
    footprint: footprint.Footprint
    lacking: tuple[capabilities.Lacking, ...]
    new_fields: tuple[tuple[str, str], ...]


def build(samples: SampleReader, window: Window) -> CollectorsView:
    """Read and compute. Raises StoreUnavailable."""
    runs, marks = samples.runs(window, MOST_RUNS), samples.marks(window)
    grouped = _grouped(runs)
    own = fresh(samples.latest((*OWN_METRICS, LAG), at=window.end), window.end)
    drawn = slowest([_durations(key, of_key) for key, of_key in grouped.items()])
    lags = {dict(r.key.labels).get("collector", ""): r.value for r in own if r.key.metric == LAG}
    return CollectorsView(
        window,
        of_samples(samples.coverage(INFO, window), marks, RECORD, window.end, samples.pulses(INFO, window.end)),
        tuple(_row(key, of_key, window, lags.get(key[0]), whole=len(runs) < MOST_RUNS) for key, of_key in grouped.items()),
        tuple(drawn),
        tuple(run for run in runs if failed(run))[:20],
        tuple(reading for reading in own if reading.key.metric in OWN_METRICS),
        about(marks, *(line.source for line in drawn)),
        len(runs) < MOST_RUNS,
        footprint.build(samples, window),
        capabilities.build(samples, window.end),
        tuple((source, told) for source in samples.sources() if (told := samples.state(source, window.end).get(NEW_FIELDS))),
    )


def failed(run: RunRow) -> bool:
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


def _row(key: tuple[str, str], runs: Sequence[RunRow], window: Window, lag_s: float | None, *, whole: bool) -> CollectorRow:
    times = np.array([run.duration_s for run in runs])
    newest = runs[0]
    return CollectorRow(
        *key,
        runs=len(runs),
        failures=sum(map(failed, runs)),
        p50_s=float(np.quantile(times, 0.5)),
        p95_s=float(np.quantile(times, 0.95)),
        newest=newest.ts,
        age_s=max(0.0, (window.end - newest.ts).total_seconds()),
        coverage=covered(runs, window, whole=whole),
        samples=newest.samples,
        last_outcome=newest.outcome,
        last_detail=newest.detail,
        lag_s=lag_s,
    )


def covered(runs: Sequence[RunRow], window: Window, *, whole: bool) -> float:
    """Runs present among those expected at their usual distance.

    Where older runs are out of sight, from the oldest in sight on.
    """
    instants = np.array([run.ts.timestamp() for run in runs])
    if len(instants) < 2:
        return 0.0
    usual = float(np.median(-np.diff(instants)))
    since = window.start.timestamp() if whole else float(instants[-1])
    expected = (window.end.timestamp() - since) / usual if usual else 0.0
    return min(1.0, len(instants) / expected) if expected >= 1 else 1.0


def _durations(key: tuple[str, str], runs: Sequence[RunRow]) -> DurationLine:
    oldest_first = runs[::-1]
    ts = np.array([run.ts.replace(tzinfo=None) for run in oldest_first], dtype="datetime64[ms]")
    return DurationLine(f"{key[0]} · {key[1]}", ts, np.array([run.duration_s for run in oldest_first]), key[1])
