"""What the rules see in the collectors' process:
the newest hour of every series that a rule reads, kept from the runs themselves.

It needs no store, so alerts go on while PostgreSQL is away. What only the store knows (a week ago) is not in it.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import NamedTuple

import numpy as np

from ...calc.counters import increases
from ...calc.expression import Course
from ...model.sample import Kind, Labels, Run, RunOutcome

#: Seconds kept: the longest look back of a rule that lives from memory, and some more.
KEPT_S = 4200.0
#: Series kept of one metric; a server that invents names without end must not fill the memory.
MOST_SERIES = 5000
#: Seconds of one bucket of the core's counts.
BUCKET_S = 10.0
#: Collectors whose runs say whether a source answers, and the metric that tells.
PULSES = {"redis_info": "redis_up", "postgres_stats": "postgres_up"}


@dataclass(slots=True)
class _Track:
    """Readings of one series, oldest first; a counter's are summed over its resets."""

    at: "array[float]" = field(default_factory=lambda: array("d"))
    value: "array[float]" = field(default_factory=lambda: array("d"))
    raw: float = 0.0

    def add(self, at: float, value: float, kind: Kind, share: float | None = None) -> None:
        """`share`: read from another process than before, of whose counts this part is new."""
        if self.at and at <= self.at[-1]:
            return  # a run that comes late, or twice
        if kind is Kind.COUNTER:
            other, part = (None, None) if share is None else (np.array([False, True]), np.array([1.0, share]))
            grown = increases(np.array([self.raw, value]), other, part)[1] if self.at else 0.0
            self.raw, value = value, (self.value[-1] if self.at else 0.0) + float(grown)
        self.at.append(at)
        self.value.append(value)

    def forget_before(self, instant: float) -> None:
        gone = int(np.searchsorted(np.frombuffer(self.at), instant)) if self.at else 0
        if gone > len(self.at) // 2:  # in large steps: deleting at the front moves everything
            del self.at[:gone], self.value[:gone]


class _LastRun(NamedTuple):
    """The run before of one collector against one source: when, and which process answered."""

    at: float
    process: str


class AlertMemory:
    """Implements calc.expression.History. One thread writes and reads."""

    def __init__(self, metrics: Iterable[str]) -> None:
        self._metrics = frozenset(metrics)
        self._tracks: dict[str, dict[Labels, _Track]] = {}
        self._texts: dict[str, dict[str, str]] = {}
        #: Metric, labels, end of the bucket: what was counted in it.
        self._buckets: dict[str, dict[Labels, dict[float, float]]] = {}
        self._known = 0.0
        self._before: dict[tuple[str, str], _LastRun] = {}

    def hear(self, runs: Sequence[Run]) -> None:
        """Keep what the rules need of these runs; a failed run tells that its source does not answer."""
        for run in runs:
            at = run.ts.timestamp()
            if pulse := PULSES.get(run.collector):
                self._add(pulse, (("instance", run.source),), at, float(run.outcome is RunOutcome.OK), Kind.GAUGE)
            self._hear(run, at)
            for name, text in run.state.items():
                self._texts.setdefault(name, {})[run.source] = text

    def _hear(self, run: Run, at: float) -> None:
        """A labelled counter that was not there in the run before was 0 then: servers make them at their first use."""
        if run.outcome is not RunOutcome.OK and not run.samples:
            return
        before = self._before.get((run.collector, run.source))
        process = run.state.get("run_id", before.process if before else "")
        share = None if before is None or before.process == process else _share(run, at - before.at)
        self._before[run.collector, run.source] = _LastRun(at, process)
        for sample in run.samples:
            if sample.metric in self._metrics:
                labels = tuple(sorted((*sample.labels, ("instance", run.source))))
                if before and sample.labels and sample.kind is Kind.COUNTER and labels not in self._tracks.get(sample.metric, {}):
                    self._add(sample.metric, labels, before.at, 0.0, Kind.COUNTER)
                self._add(sample.metric, labels, at, sample.value, sample.kind, share)

    def count(self, metric: str, labels: Labels, bucket: float, amount: float) -> None:
        """What was counted in the time up to `bucket`; counting the same bucket again replaces it:
        buckets are flushed late.
        """
        if metric in self._metrics:
            self._buckets.setdefault(metric, {}).setdefault(labels, {})[bucket] = amount

    def counted_until(self, instant: float) -> None:
        """Counts are known up to here: a bucket that holds none was quiet."""
        self._known = instant

    def courses(self, metric: str) -> Sequence[Course]:
        """See calc.expression.History."""
        if metric in self._buckets:
            return [self._summed(labels, of) for labels, of in self._buckets[metric].items()]
        return [Course(labels, np.array(t.at), np.array(t.value)) for labels, t in self._tracks.get(metric, {}).items()]

    def texts(self, name: str) -> Mapping[str, str]:
        """See calc.expression.History."""
        return self._texts.get(name, {})

    def forget_before(self, instant: float) -> None:
        """Let go of what is older, and of series that have not been read since."""
        for tracks in self._tracks.values():
            for labels in [labels for labels, track in tracks.items() if not track.at or track.at[-1] < instant]:
                del tracks[labels]
            for track in tracks.values():
                track.forget_before(instant)
        for buckets in self._buckets.values():
            for labels, of in list(buckets.items()):
                for old in sorted(of)[: bisect_left(sorted(of), instant)]:
                    del of[old]
                if not of:
                    del buckets[labels]

    def _summed(self, labels: Labels, of: Mapping[float, float]) -> Course:
        at = sorted(of)
        value = np.cumsum([0.0, *(of[bucket] for bucket in at)])
        if self._known > at[-1]:
            return Course(labels, np.array([at[0] - BUCKET_S, *at, self._known]), np.append(value, value[-1]))
        return Course(labels, np.array([at[0] - BUCKET_S, *at]), value)

    def _add(self, metric: str, labels: Labels, at: float, value: float, kind: Kind, share: float | None = None) -> None:
        tracks = self._tracks.setdefault(metric, {})
        track = tracks.get(labels)
        if track is None:
            if len(tracks) >= MOST_SERIES:
                return
            track = tracks[labels] = _Track()
        track.add(at, value, kind, share)


def _share(run: Run, elapsed_s: float) -> float:
    """What counts of a process that answers for the first time: all, where it began since the run before; else nothing.

    A part of it (see calc.counters.increases) would be above zero, and rules fire above zero. NaN: nobody knows.
    """
    uptime = next((s.value for s in run.samples if s.metric == "uptime_in_seconds" and not s.labels), float("nan"))
    return uptime if isnan(uptime) else float(uptime <= elapsed_s + 1.0)
