"""How long does one look at all rules take for a hundred instances?"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from demo.history.counts import counted
from demo.history.courses import streams
from demo.history.knobs import world
from demo.history.runs import runs_at
from prosepolish_core.model.latency import BOUNDS_S, le
from prosepolish_core.watch.alerts.evaluator import Evaluator
from prosepolish_core.watch.alerts.memory import STEPS, TIMES, AlertMemory
from prosepolish_core.watch.alerts.rules import RULES

from .proof import Proof

INSTANCES, FEW_INSTANCES = 100, 10
#: Readings kept of each, five seconds apart, and looks that are timed.
READINGS, LOOKS = 240, 20
STEP_S, BEGAN = 5.0, 1_800_000_000.0
LOOK_MS = 200.0


def run(seed: int, full: bool) -> Iterator[Proof]:
    """The row of one look."""
    instances = INSTANCES if full else FEW_INSTANCES
    memory, until = remembered(instances, seed)
    evaluator = Evaluator(RULES)
    evaluator.look(memory, until)
    took = []
    for n in range(LOOKS):
        began = time.perf_counter()
        memory.counted_until(until + n * 0.1)  # counts came in between, as they do
        evaluator.look(memory, until + 1.0 + n * 0.1)
        took.append(1000 * (time.perf_counter() - began))
    judged = sum(map(len, evaluator.values.values()))
    median = statistics.median(took)
    yield Proof(
        f"one look at all {len(RULES)} rules for {instances} instances",
        f"<= {LOOK_MS:g} ms",
        f"median {median:.0f} ms of {LOOKS} (longest {max(took):.0f} ms), {judged:,} values judged",
        median <= LOOK_MS and not evaluator.broken,
    )


def remembered(instances: int, seed: int) -> tuple[AlertMemory, float]:
    """A memory that heard so many instances for a while, and the instant of the newest reading."""
    rng = np.random.default_rng(seed)
    at = BEGAN + STEP_S * np.arange(READINGS)
    knobs = world(at, rng)
    courses = [stream for stream in streams(knobs) if stream.source == "cache"]
    memory = AlertMemory.of(rule.value for rule in RULES)
    for place, now in enumerate(at.tolist()):
        runs = list(runs_at(courses, now, place))
        for number in range(instances):
            memory.hear([replace(run, source=f"node-{number}") for run in runs])
    for of in counted(knobs, rng):
        labels = (("family", str(of.family)), ("outcome", str(of.outcome)), ("tier", str(of.tier)))
        times = np.cumsum(of.histogram(slice(None)), axis=1)
        for place in range(0, READINGS, 2):
            memory.count(STEPS, labels, float(at[place]), float(of.steps[place]))
            for bound, count in zip(BOUNDS_S, times[place].tolist(), strict=True):
                below = (("family", str(of.family)), ("le", le(bound)), ("tier", str(of.tier)))
                memory.count(TIMES, below, float(at[place]), count)
    memory.counted_until(float(at[-1]))
    return memory, float(at[-1])
