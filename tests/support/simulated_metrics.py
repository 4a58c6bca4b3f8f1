"""What /metrics would have told of a simulated world at each instant, and what the alert rules fired over it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from demo.history.counts import CountCourse, counted
from demo.history.courses import streams
from demo.history.knobs import Knobs, Numbers
from demo.history.runs import runs_at
from prosepolish_core.calc.replay import firings
from prosepolish_core.model.health import Level
from prosepolish_core.model.latency import BOUNDS_S, le
from prosepolish_core.model.sample import INFO, Labels, Run, RunOutcome
from prosepolish_core.model.series import Pulse, Reading, SeriesKey
from prosepolish_core.watch.alerts.memory import STEPS, TIMES, AlertMemory
from prosepolish_core.watch.alerts.rule import Rule
from prosepolish_core.watch.metrics.render import render
from prosepolish_core.watch.metrics.totals import Totals

#: A rule, the labels of one alert, and its level.
Fires = tuple[str, Labels, Level]


class Instant(NamedTuple):
    """One instant: the text of /metrics, and every alert that fires."""

    text: str
    fires: frozenset[Fires]


def told(knobs: Knobs, rules: Sequence[Rule]) -> list[Instant]:
    """Instant by instant, in order of time."""
    courses, counts = list(streams(knobs)), counted(knobs, np.random.default_rng(3))
    every = {(stream.source, stream.collector): stream.every_s for stream in courses}
    memory, page, texts = AlertMemory.of(rule.value for rule in rules), _Page(every), list[str]()
    sums = [_Sums(of) for of in counts]
    for place, now in enumerate(knobs.at.tolist()):
        runs = list(runs_at(courses, now, place))
        page.hear(runs)
        memory.hear(runs)
        for of in sums:
            of.tell(memory, place, now)
        texts.append(page.text(now, _totals(sums, place) if knobs.postgres[place] else None))
    memory.counted_until(float(knobs.at[-1]))
    fires = _fires(rules, memory, knobs.at)
    return [Instant(text, frozenset(fires.get(place, ()))) for place, text in enumerate(texts)]


def last_text(knobs: Knobs) -> str:
    """What /metrics tells at the end."""
    courses, counts = list(streams(knobs)), counted(knobs, np.random.default_rng(3))
    page = _Page({(stream.source, stream.collector): stream.every_s for stream in courses})
    last = len(knobs.at) - 1
    for place in range(max(0, last - 4), len(knobs.at)):
        page.hear(list(runs_at(courses, float(knobs.at[place]), place)))
    return page.text(float(knobs.at[-1]), _totals([_Sums(of) for of in counts], last))


class _Page:
    """The newest readings, as the store gives them to the dashboard."""

    def __init__(self, every_s: Mapping[tuple[str, str], float]) -> None:
        self._every_s = every_s
        self._readings: dict[SeriesKey, Reading] = {}
        self._pulses: dict[str, Pulse] = {}
        self._states: dict[str, Mapping[str, str]] = {}

    def hear(self, runs: Sequence[Run]) -> None:
        for run in runs:
            every = self._every_s[run.source, run.collector]
            if run.collector == INFO:
                self._pulses[run.source] = Pulse(INFO, run.source, run.ts, run.outcome.value, run.detail, every)
            if run.outcome is RunOutcome.OK:
                self._states[run.source] = {**self._states.get(run.source, {}), **run.state}
            for sample in run.samples:
                key = SeriesKey(run.source, sample.metric, sample.labels)
                self._readings[key] = Reading(key, sample.kind, sample.unit, sample.value, run.ts, every)

    def text(self, now: float, totals: Totals | None) -> str:
        """As `Exposition` renders it; without the store it says so and nothing else."""
        at = datetime.fromtimestamp(now, UTC)
        if totals is None:
            return render((), {}, now=at)
        return render(list(self._readings.values()), self._states, totals, at, pulses=list(self._pulses.values()))


class _Sums:
    """One course of counts, added up."""

    def __init__(self, of: CountCourse) -> None:
        self.of = of
        self.steps, self.answers, self.seconds = np.cumsum(of.steps), np.cumsum(of.answers), np.cumsum(of.seconds)
        self._parts = np.cumsum(of.histogram(slice(None)), axis=1)
        self.parts = np.cumsum(self._parts, axis=0)

    def tell(self, memory: AlertMemory, place: int, now: float) -> None:
        """What was counted since the instant before."""
        of = self.of
        if not self.steps[place]:
            return
        labels: Labels = (("family", of.family), ("outcome", of.outcome), ("tier", of.tier))
        memory.count(STEPS, labels, now, float(of.steps[place]))
        for bound, number in zip(BOUNDS_S, self._parts[place].tolist(), strict=True):
            bucket: Labels = (("family", of.family), ("le", le(bound)), ("outcome", of.outcome), ("tier", of.tier))
            memory.count(TIMES, bucket, now, number)


def _totals(sums: Sequence[_Sums], place: int) -> Totals:
    totals = Totals()
    for one in sums:
        of, steps = one.of, int(one.steps[place])
        if not steps:
            continue
        totals.lookups[of.family, of.tier, of.outcome] = (steps, int(one.answers[place]), float(one.seconds[place]))
        before = totals.latency.get((of.family, of.tier), (BOUNDS_S, (0,) * len(BOUNDS_S), 0.0))
        both = tuple(a + int(b) for a, b in zip(before[1], one.parts[place], strict=True))
        totals.latency[of.family, of.tier] = (BOUNDS_S, both, before[2] + float(one.seconds[place]))
    return totals


def _fires(rules: Sequence[Rule], memory: AlertMemory, at: Numbers) -> Mapping[int, list[Fires]]:
    """By the place of each instant every level that fires, the milder ones of an alert too: Prometheus tells each."""
    found: dict[int, list[Fires]] = {}
    for rule in rules:
        for labels, values in rule.value.over(memory, at).items():
            for threshold in rule.thresholds:
                for firing in firings(threshold, values, at):
                    for place in range(firing.fired, len(at) if firing.ended is None else firing.ended):
                        found.setdefault(place, []).append((rule.name, labels, threshold.level))
    return found
