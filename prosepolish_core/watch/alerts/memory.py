"""What the rules see in the collectors' process:
the newest hour of every series that a rule reads, kept from the runs themselves.

It needs no store, so alerts go on while PostgreSQL is away. What only the store knows (a week ago) is not in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import NamedTuple, Self

import numpy as np

from ...calc.courses import Course, Numbers, Pick
from ...calc.expression import Expression
from ...calc.expression_reads import picks_in
from ...model.sample import Labels, Run, RunOutcome, Sample
from .run_readings import RunReadings

#: Seconds kept: the longest look back of a rule that lives from memory, and some more.
KEPT_S = 4200.0
#: Seconds between two times that what is old is let go.
FORGET_EVERY_S = 60.0
#: Series kept of one collector and source; a server that invents names without end must not fill the memory.
MOST_SERIES = 5000
#: Seconds of one bucket of the core's counts.
BUCKET_S = 10.0
#: And of one bucket of the stretch long ago.
LONG_AGO_S = 60.0
#: What is counted of the core's lookups, for the rules and for the effect on users.
STEPS, ANSWERS, TIMES = "tier_requests", "answers", "tier_duration"
#: Collectors whose runs say whether a source answers, and the metric that tells.
PULSES = {"redis_info": "redis_up", "postgres_stats": "postgres_up"}


class _LastRun(NamedTuple):
    """The run before of one collector against one source: when, and which process answered."""

    at: float
    process: str


class AlertMemory:
    """Implements calc.expression.History. One thread writes and reads.

    `picks` says of each metric which series a rule reads; of a metric without picks all are kept.
    """

    def __init__(self, metrics: Iterable[str], picks: Mapping[str, Iterable[Pick]] | None = None) -> None:
        self._metrics = frozenset(metrics) | {ANSWERS}  # the effect on users is told of every incident
        self._picks = {metric: tuple(some) for metric, some in (picks or {}).items()}
        self._readings: dict[tuple[str, str], RunReadings] = {}
        #: Who has series of a metric; found anew after each run.
        self._holders: dict[str, list[RunReadings]] = {}
        self._texts: dict[str, dict[str, str]] = {}
        #: Metric, labels, end of the bucket: what was counted in it.
        self._buckets: dict[str, dict[Labels, dict[float, float]]] = {}
        #: The same of a stretch long ago, with which rules compare: one bucket a minute, and where it ends.
        self._long_ago: dict[str, dict[Labels, dict[float, float]]] = {}
        self._long_ago_until = self._known = self._forgotten = 0.0
        #: What was counted as courses, by metric: rules ask many times between two counts.
        self._counted: dict[str, list[Course]] = {}
        self._before: dict[tuple[str, str], _LastRun] = {}

    @classmethod
    def of(cls, values: Iterable[Expression]) -> Self:
        """What these expressions need."""
        picks = picks_in(values)
        return cls(picks, picks)

    def hear(self, runs: Sequence[Run]) -> None:
        """Keep what the rules need of these runs; a failed run tells that its source does not answer."""
        self._holders = {}
        for run in runs:
            at = run.ts.timestamp()
            if pulse := PULSES.get(run.collector):
                up = Sample(pulse, float(run.outcome is RunOutcome.OK))
                self._of(pulse, run.source).add(at, [(pulse, (("instance", run.source),), up)], None)
            self._hear(run, at)
            for name, text in run.state.items():
                self._texts.setdefault(name, {})[run.source] = text

    def _hear(self, run: Run, at: float) -> None:
        if run.outcome is not RunOutcome.OK and not run.samples:
            return
        before = self._before.get((run.collector, run.source))
        process = run.state.get("run_id", before.process if before else "")
        share = None if before is None or before.process == process else _share(run, at - before.at)
        self._before[run.collector, run.source] = _LastRun(at, process)
        read = (
            (sample.metric, tuple(sorted((*sample.labels, ("instance", run.source)))), sample)
            for sample in run.samples
            if sample.metric in self._metrics
        )
        wanted = [one for one in read if self._picked(one[0], one[1])]
        self._of(run.collector, run.source).add(at, wanted, share)

    def _picked(self, metric: str, labels: Labels) -> bool:
        """By all labels, the instance among them: some rules read one server alone."""
        picks = self._picks.get(metric)
        return picks is None or any(pick.takes(labels) for pick in picks)

    def _of(self, collector: str, source: str) -> RunReadings:
        return self._readings.setdefault((collector, source), RunReadings(MOST_SERIES))

    def count(self, metric: str, labels: Labels, bucket: float, amount: float) -> None:
        """What was counted in the time up to `bucket`; counting the same bucket again replaces it:
        buckets are flushed late.
        """
        if metric in self._metrics:
            self._buckets.setdefault(metric, {}).setdefault(labels, {})[bucket] = amount
            self._counted.pop(metric, None)

    def counted_until(self, instant: float) -> None:
        """Counts are known up to here: a bucket that holds none was quiet."""
        self._known = instant
        self._counted.clear()

    def counted_long_ago(self, found: Mapping[str, Mapping[Labels, Mapping[float, float]]], until: float) -> None:
        """Counts of a stretch that ends here, long before those that are kept anyway; they replace the last ones."""
        self._long_ago = {m: {labels: dict(b) for labels, b in of.items()} for m, of in found.items() if m in self._metrics}
        self._long_ago_until = until
        self._counted.clear()

    def courses(self, metric: str) -> Sequence[Course]:
        """See calc.expression.History."""
        if metric in self._buckets:
            if metric not in self._counted:
                self._counted[metric] = [self._summed(metric, labels, of) for labels, of in self._buckets[metric].items()]
            return self._counted[metric]
        return [course for readings in self._with(metric) for course in readings.courses(metric)]

    def _with(self, metric: str) -> Sequence[RunReadings]:
        if not self._holders:
            for readings in self._readings.values():
                for name in readings.metrics:
                    self._holders.setdefault(name, []).append(readings)
        return self._holders.get(metric, ())

    def texts(self, name: str) -> Mapping[str, str]:
        """See calc.expression.History."""
        return self._texts.get(name, {})

    def forget_before(self, instant: float) -> None:
        """Let go of what is older, and of sources that have not been read since; a little late, as it costs time."""
        if self._forgotten <= instant < self._forgotten + FORGET_EVERY_S:
            return
        self._forgotten = instant
        for name, readings in list(self._readings.items()):
            if not readings.forget_before(instant):
                del self._readings[name]
                self._holders = {}
        for metric, buckets in self._buckets.items():
            for labels, of in list(buckets.items()):
                gone = [old for old in of if old < instant]
                for old in gone:
                    del of[old]
                if gone:
                    self._counted.pop(metric, None)
                if not of:
                    del buckets[labels]

    def _summed(self, metric: str, labels: Labels, of: Mapping[float, float]) -> Course:
        """The stretch long ago, then what was counted lately; nothing is known of the time between."""
        at, value = self._points(of, BUCKET_S, self._known)
        if before := self._long_ago.get(metric, {}).get(labels):
            first, counted = self._points(before, LONG_AGO_S, self._long_ago_until)
            at, value = np.append(first, at), np.append(counted, counted[-1] + value)
        return Course(labels, at, value)

    @staticmethod
    def _points(of: Mapping[float, float], width_s: float, until: float) -> tuple[Numbers, Numbers]:
        ends, amounts = np.fromiter(of, float, len(of)), np.fromiter(of.values(), float, len(of))
        if len(ends) > 1 and (np.diff(ends) < 0).any():
            order = np.argsort(ends)
            ends, amounts = ends[order], amounts[order]
        quiet = [until] if until > ends[-1] else []
        at = np.concatenate([[ends[0] - width_s], ends, quiet])
        value = np.concatenate([[0.0], np.cumsum(amounts)])
        return at, np.append(value, value[-1:]) if quiet else value


def _share(run: Run, elapsed_s: float) -> float:
    """What counts of a process that answers for the first time: all, where it began since the run before; else nothing.

    A part of it (see calc.counters.increases) would be above zero, and rules fire above zero. NaN: nobody knows.
    """
    uptime = next((s.value for s in run.samples if s.metric == "uptime_in_seconds" and not s.labels), float("nan"))
    return uptime if isnan(uptime) else float(uptime <= elapsed_s + 1.0)
