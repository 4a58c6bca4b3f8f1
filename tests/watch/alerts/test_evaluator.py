"""watch/alerts/evaluator.py with watch/alerts/memory.py: rules over runs as the collectors give them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from prosepolish_core.calc.courses import History, Numbers
from prosepolish_core.calc.expression import Arithmetic, Increase, Latest, Vector
from prosepolish_core.model.alert import AlertState, Held
from prosepolish_core.model.health import Level
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.watch.alerts.evaluator import AlertKey, Evaluator
from prosepolish_core.watch.alerts.memory import KEPT_S, AlertMemory
from prosepolish_core.watch.alerts.rule import Rule, critical, warning
from prosepolish_core.watch.alerts.rules import BY_NAME, RULES

A = (("instance", "cache"),)
FULL = Rule("full", "Memory of {instance}", Latest("used"), "ratio", (warning(0.8, 0.7, 0), critical(0.9, 0.8, 0)), "", "")
BEGAN = 1_800_000_000.0


def run(
    at: float, *samples: Sample, source: str = "cache", outcome: RunOutcome = RunOutcome.OK, collector: str = "redis_info"
) -> Run:
    return Run(collector, source, int(at), datetime.fromtimestamp(at, UTC), 0.01, outcome, samples)


def looks(evaluator: Evaluator, memory: AlertMemory, values: list[float]) -> list[tuple[Level, float]]:
    """Feed one value every 100 s and look each time; the changes as level and seconds since the beginning."""
    found = []
    for i, value in enumerate(values):
        at = BEGAN + 100.0 * i
        memory.hear([run(at, Sample("used", value))])
        found += [(change.level, change.at - BEGAN) for change in evaluator.look(memory, at)]
    return found


def test_an_alert_is_told_once_per_change_at_its_most_severe_level() -> None:
    """Warning, then critical, then warning again, then resolved; nothing in between is told twice."""
    found = looks(Evaluator([FULL]), AlertMemory(["used"]), [0.5, 0.85, 0.85, 0.95, 0.95, 0.78, 0.78, 0.78, 0.6, 0.6, 0.6])

    assert found == [
        (Level.WARNING, 100.0),
        (Level.CRITICAL, 300.0),
        (Level.WARNING, 600.0),
        (Level.OK, 900.0),
    ]


def test_a_rule_that_fails_is_named_and_harms_no_other() -> None:
    """The broken one stands in `broken`, its neighbour fires."""

    class Fails:
        def over(self, history: History, instants: Numbers) -> Vector:
            """No rule survives this."""
            raise ZeroDivisionError

        def promql(self, names: object) -> str:
            """Nothing to write."""
            return ""

    evaluator = Evaluator([Rule("bad", "", Fails(), "1", (warning(0, 0, 0),), "", ""), FULL])

    assert looks(evaluator, AlertMemory(["used"]), [0.95, 0.95]) == [(Level.CRITICAL, 0.0), (Level.WARNING, 100.0)]
    assert evaluator.broken == {"bad": "ZeroDivisionError"}
    assert AlertKey("rule_failed", (("rule", "bad"),)) in evaluator.firing()


def test_after_a_restart_an_alert_that_fired_resolves_and_does_not_fire_anew() -> None:
    """What was kept is taken over, with its beginning."""
    evaluator = Evaluator([FULL])
    evaluator.restore([(AlertKey("full", A), Held(AlertState.FIRING, Level.WARNING, BEGAN - 500.0))])

    assert evaluator.firing()[AlertKey("full", A)].since == BEGAN - 500.0
    assert looks(evaluator, AlertMemory(["used"]), [0.85, 0.6, 0.6]) == [(Level.OK, 200.0)]


def test_a_dead_server_is_seen_by_its_failed_runs() -> None:
    """Runs that fail make `redis_up` 0;
    the shipped rule fires after its half minute, and ends 12 s after the return.
    """
    rule, memory = BY_NAME["instance_down"], AlertMemory(())
    evaluator, changes = Evaluator([rule]), []
    for second in range(0, 120, 5):
        outcome = RunOutcome.ERROR if 20 <= second < 80 else RunOutcome.OK
        memory.hear([run(BEGAN + second, outcome=outcome)])
        changes += [(c.level, c.at - BEGAN, c.since - BEGAN) for c in evaluator.look(memory, BEGAN + second)]

    assert changes == [(Level.CRITICAL, 50.0, 20.0), (Level.OK, 95.0, 20.0)]


def test_counters_are_summed_over_restarts_in_memory() -> None:
    """A counter that fell began again: what it holds is what is new."""
    memory = AlertMemory(["c"])
    for i, value in enumerate([100.0, 110.0, 4.0, 9.0]):
        memory.hear([run(BEGAN + i, Sample("c", value, Kind.COUNTER))])

    assert Increase("c", 60.0).over(memory, np.array([BEGAN + 3.0]))[A].tolist() == [19.0]


def test_memory_lets_go_of_what_is_old() -> None:
    """Series that are not read any more go, and old readings of the others too."""
    memory = AlertMemory(["used"])
    for i in range(2000):
        memory.hear([run(BEGAN + 5 * i, Sample("used", 1.0), source="cache")])
    memory.hear([run(BEGAN, Sample("used", 1.0), source="gone")])
    memory.forget_before(BEGAN + 10_000 - KEPT_S)

    (course,) = memory.courses("used")
    assert course.labels == A
    assert len(course.at) < 2000


def test_every_shipped_rule_can_be_evaluated_and_written() -> None:
    """Over an empty memory nothing fires and nothing breaks;
    every rule has words, and clears on the safe side of firing.
    """
    evaluator = Evaluator(RULES)

    assert evaluator.look(AlertMemory(()), BEGAN) == []
    assert evaluator.broken == {}
    for rule in RULES:
        assert rule.means.endswith(".")
        assert rule.do.endswith(".")
        assert rule.value.promql({})
        for t in rule.thresholds:
            assert t.clear >= t.fire if t.falling else t.clear <= t.fire
    assert len(BY_NAME) == len(RULES) + 1


def test_arithmetic_over_runs_of_two_collectors() -> None:
    """Readings of different instants meet: the newest of each counts."""
    memory = AlertMemory(["a", "b"])
    memory.hear([run(BEGAN, Sample("a", 6.0)), run(BEGAN + 3, Sample("b", 3.0), collector="other")])

    assert Arithmetic(Latest("a"), "/", Latest("b")).over(memory, np.array([BEGAN + 5.0]))[A].tolist() == [2.0]


def info(tick: float, process: str, uptime: float, flushes: float | None) -> Run:
    """A reading of a server, with its count of FLUSHALL once there was one."""
    samples = [Sample("uptime_in_seconds", uptime), Sample("used_memory", 1.0)]
    if flushes is not None:
        samples.append(Sample("cmdstat_calls", flushes, Kind.COUNTER, labels=(("cmd", "flushall"),)))
    at = datetime.fromtimestamp(BEGAN + tick, UTC)
    return Run("redis_info", "cache", int(BEGAN + tick), at, 0.1, RunOutcome.OK, tuple(samples), {"run_id": process})


@pytest.mark.parametrize(
    ("second", "fires"),
    [(info(10, "a", 900.0, 1.0), True), (info(10, "b", 3.0, 1.0), True), (info(10, "b", 8e6, 7.0), False)],
    ids=["the first ever", "after a restart", "long ago, of the server that answers now"],
)
def test_a_flush_fires_at_the_next_look(second: Run, fires: bool) -> None:
    """The counter is not there before the first FLUSHALL; what another server counted in its life is not now."""
    rule = BY_NAME["cache_flushed"]
    memory, evaluator = AlertMemory(["cmdstat_calls"]), Evaluator([rule])
    memory.hear([info(0, "a", 890.0, None)])
    assert evaluator.look(memory, BEGAN + 1) == []
    memory.hear([second])
    assert [change.rule for change in evaluator.look(memory, BEGAN + 11)] == ["cache_flushed"] * fires


MB = 1024.0**2


@pytest.mark.parametrize(
    ("rule", "policy", "numbers", "level"),
    [
        ("memory_full", "allkeys-lru", {"used_memory": 256 * MB, "maxmemory": 256 * MB}, Level.OK),
        ("memory_full", "noeviction", {"used_memory": 100 * MB, "maxmemory": 256 * MB}, Level.OK),
        ("memory_full", "noeviction", {"used_memory": 210 * MB, "maxmemory": 256 * MB}, Level.WARNING),
        ("memory_full", "noeviction", {"used_memory": 240 * MB, "maxmemory": 256 * MB}, Level.CRITICAL),
        ("memory_full", "noeviction", {"used_memory": 240 * MB, "maxmemory": 0.0}, Level.OK),
        ("fragmentation", "", {"allocator_frag_ratio": 2.8, "allocator_frag_bytes": 3 * MB, "used_memory": 4.7 * MB}, Level.OK),
        (
            "fragmentation",
            "",
            {"allocator_frag_ratio": 1.6, "allocator_frag_bytes": 90 * MB, "used_memory": 200 * MB},
            Level.WARNING,
        ),
        ("swapping", "", {"used_memory": 200 * MB, "used_memory_rss": 100 * MB}, Level.CRITICAL),
        ("state_may_evict", "allkeys-lru", {"holds_state": 1.0}, Level.WARNING),
        ("state_may_evict", "noeviction", {"holds_state": 1.0}, Level.OK),
    ],
)
def test_memory_is_judged_by_policy_and_by_what_is_wasted(rule: str, policy: str, numbers: dict[str, float], level: Level) -> None:
    """A full cache that may evict is well; the ratio of a small server is noise."""
    given = {"mem_not_counted_for_evict": 0.0} | numbers
    memory, evaluator = AlertMemory(given), Evaluator([BY_NAME[rule]])
    samples = tuple(Sample(name, value) for name, value in given.items())
    for second in range(0, 2400, 30):
        at = datetime.fromtimestamp(BEGAN + second, UTC)
        state = {"maxmemory_policy": policy}
        memory.hear([Run("redis_info", "cache", int(BEGAN) + second, at, 0.1, RunOutcome.OK, samples, state)])
        evaluator.look(memory, BEGAN + second)

    assert max((held.level for held in evaluator.firing().values()), key=lambda one: one.rank, default=Level.OK) is level
