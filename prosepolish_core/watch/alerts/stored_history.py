"""What the rules see of a stretch of time in the store: samples as fine as they were kept, and the core's counts."""

from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cached_property

import numpy as np

from ...calc.courses import Course
from ...calc.expression_reads import metrics_in, picks_in, reach_s
from ...drivers.postgres_pool import PostgresPool
from ...model.latency import BOUNDS_S, le
from ...model.outcome import Tier
from ...model.sample import Labels
from ...model.series import Numbers
from ...model.window import Window
from ..counts.columns import count_columns, time_columns
from ..series import newest
from ..series.courses import Readings, counter_courses, gauge_courses
from ..series.pulse_history import pulse_courses
from ..series.range_query import Ask, resolution
from .memory import ANSWERS, PULSES, STEPS, TIMES
from .rule import Rule

#: Instants a replay looks at: minutes over days, and as often as readings come over hours.
MINUTE_S, LONG_S = 60.0, 26 * 3600.0
#: Latency histograms of a long stretch are added up to this width.
TIMES_S = 300


class StoredHistory:
    """Implements calc.expression.History over the store. Reads everything the rules need at the first question.

    Raises StoreUnavailable.
    """

    def __init__(self, pool: PostgresPool, window: Window, step_s: float, rules: Sequence[Rule]) -> None:
        self._pool, self.window, self._step_s = pool, window, step_s
        self._picks = picks_in(rule.value for rule in rules)
        self._metrics = frozenset[str]().union(*(metrics_in(rule.value) for rule in rules)) - {STEPS, ANSWERS, TIMES}
        self._rules = rules

    @classmethod
    def step_of(cls, window: Window) -> float:
        """How far apart the looks are: ten seconds over a day, a minute over more."""
        return 10.0 if window.seconds <= LONG_S else MINUTE_S

    @property
    def instants(self) -> Numbers:
        """When the rules are looked at."""
        first = np.ceil(self.window.start.timestamp() / self._step_s) * self._step_s
        return np.arange(first, self.window.end.timestamp(), self._step_s)

    def courses(self, metric: str) -> Sequence[Course]:
        """See calc.expression.History."""
        return self._courses.get(metric, ())

    def texts(self, name: str) -> Mapping[str, str]:
        """See calc.expression.History."""
        return self._texts.get(name, {})

    @cached_property
    def _courses(self) -> dict[str, list[Course]]:
        # Side by side, each on a connection of its own: the store is what takes the time.
        with ThreadPoolExecutor(3, thread_name_prefix="history") as threads:
            parts = [threads.submit(part) for part in (self._samples, self._steps, self._times)]
            return {metric: courses for part in parts for metric, courses in part.result().items()}

    def _reach(self, metrics: Set[str]) -> Window:
        """The window, and before it as much as the rules that read any of these look back."""
        reach = max((reach_s(rule.value) for rule in self._rules if metrics_in(rule.value) & metrics), default=0.0)
        return Window(self.window.start - timedelta(seconds=reach + 600), self.window.end)

    def _samples(self) -> dict[str, list[Course]]:
        found: dict[str, list[Course]] = {}
        stretch = self._reach(self._metrics)
        with self._pool.connection() as connection:
            ask = Ask(sorted(self._metrics), stretch, max(1, round(stretch.seconds / self._step_s)), None)
            for read in (gauge_courses, counter_courses):
                for key, readings in read(connection, ask, self._wanted).items():
                    found.setdefault(key.metric, []).append(_course(key.labels, key.source, readings))
            fine = resolution(connection, stretch, ask.points)
            for collector, metric in PULSES.items():
                if metric in self._picks:
                    pulses = pulse_courses(connection, collector, stretch, fine)
                    found[metric] = [_course((), source, readings) for source, readings in pulses.items()]
        return found

    def _wanted(self, metric: str, labels: Labels) -> bool:
        """The instance stands in the stream, not in the labels; the expression itself looks at that."""
        return any(pick.without("instance").takes(labels) for pick in self._picks.get(metric, ()))

    def _steps(self) -> dict[str, list[Course]]:
        if STEPS not in self._picks:
            return {}
        with self._pool.connection() as connection:
            columns = count_columns(connection, self._reach({STEPS}), self._fine)
        ends = [of.at[[0, -1]] for of in columns]
        at = self._grid(ends, self._fine)
        return {STEPS: [Course(c.labels, at, _summed(at, c.at, c.steps)) for c in columns]}

    def _times(self) -> dict[str, list[Course]]:
        if TIMES not in self._picks:
            return {}
        width = TIMES_S if self._step_s >= MINUTE_S else self._fine
        with self._pool.connection() as connection:
            connection.execute("SET LOCAL jit = off; SET LOCAL work_mem = '64MB'")
            times = time_columns(connection, self._reach({TIMES}), self._fine, width, [tier.value for tier in Tier])
        at, found = self._grid([of.at[[0, -1]] for of in times], width), list[Course]()
        for of in times:
            summed = np.cumsum(of.counts, axis=1)
            for n in _telling(summed.sum(axis=0)):
                labels: Labels = (("le", le(BOUNDS_S[n])), ("tier", of.tier))
                found.append(Course(labels, at, _summed(at, of.at, summed[:, n])))
        return {TIMES: found}

    @property
    def _fine(self) -> int:
        return 60 if self._step_s >= MINUTE_S else 10

    def _grid(self, ends: Sequence[Numbers], width: int) -> Numbers:
        """Instants from before the first bucket to the last one's end: where no bucket is, nothing was counted."""
        if not ends:
            return np.empty(0)
        return np.arange(min(first for first, _ in ends) - width, max(last for _, last in ends) + self._fine, self._fine)

    @cached_property
    def _texts(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        with self._pool.connection() as connection:
            for source in newest.sources(connection):
                for name, text in newest.state(connection, source, self.window.end).items():
                    found.setdefault(name, {})[source] = text
        return found


def _course(labels: Labels, source: str, readings: Readings) -> Course:
    return Course(tuple(sorted((*labels, ("instance", source)))), readings.at, readings.value)


def _summed(at: Numbers, ends: Numbers, amounts: Numbers) -> Numbers:
    """What was counted up to each instant; a bucket that holds nothing was quiet."""
    return np.append(0.0, np.cumsum(amounts))[np.searchsorted(ends, at, side="right")]


def _telling(summed: Numbers) -> list[int]:
    """The bounds that a quantile can lie between: where calls were counted, the one below each, and the last."""
    grown = np.flatnonzero(np.diff(summed, prepend=0.0))
    return sorted({*grown.tolist(), *(n - 1 for n in grown.tolist() if n), len(summed) - 1})
