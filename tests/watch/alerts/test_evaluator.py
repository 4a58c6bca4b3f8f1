"""watch/alerts/evaluator.py with watch/alerts/memory.py: rules over runs as the collectors give them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from prosepolish_core.calc.courses import History, Numbers
from prosepolish_core.calc.expression import Arithmetic, Increase, Latest, Vector
from prosepolish_core.model.alert import AlertState, Held
from prosepolish_core.model.health import Level
from prosepolish_core.model.latency import le
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.watch.alerts.evaluator import AlertKey, Evaluator
from prosepolish_core.watch.alerts.memory import KEPT_S, AlertMemory
from prosepolish_core.watch.alerts.overrides import Overrides
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
    the shipped rule fires at the fourth failed reading, and ends 12 s after the return.
    """
    rule, memory = BY_NAME["instance_down"], AlertMemory(())
    evaluator, changes = Evaluator([rule]), []
    for second in range(0, 120, 5):
        outcome = RunOutcome.ERROR if 20 <= second < 80 else RunOutcome.OK
        memory.hear([run(BEGAN + second, outcome=outcome)])
        changes += [(c.level, c.at - BEGAN, c.since - BEGAN) for c in evaluator.look(memory, BEGAN + second)]

    assert changes == [(Level.CRITICAL, 35.0, 20.0), (Level.OK, 95.0, 20.0)]


def test_a_rule_that_is_switched_off_while_it_fires_is_over() -> None:
    """The file of changed rules is read while it goes on."""
    evaluator, memory = Evaluator([FULL]), AlertMemory(["used"])
    memory.hear([run(BEGAN, Sample("used", 0.95))])
    assert [change.level for change in evaluator.look(memory, BEGAN)] == [Level.CRITICAL]
    evaluator.overrides = Overrides({("full", ""): ()})

    assert [(c.level, c.since) for c in evaluator.look(memory, BEGAN + 5)] == [(Level.OK, BEGAN)]
    assert evaluator.look(memory, BEGAN + 10) == []
    assert evaluator.firing() == {}


def test_a_file_of_rules_that_cannot_be_used_is_an_alert() -> None:
    """Like a rule that fails; it ends when the file is mended."""
    evaluator = Evaluator([FULL], unusable={"file of alert rules": "a mistake"})
    levels = []
    for second in range(0, 200, 10):
        evaluator.unusable = {} if second >= 60 else evaluator.unusable
        levels += [c.level for c in evaluator.look(AlertMemory(["used"]), BEGAN + second)]

    assert levels == [Level.WARNING, Level.OK]


def test_after_the_clock_was_set_back_new_readings_count() -> None:
    """What was read before lies ahead of the clock now: it is let go, and a run that is merely late is not heard."""
    memory = AlertMemory(["used"])
    for at, value in ((0.0, 1.0), (10.0, 2.0), (5.0, 9.0), (-3600.0, 3.0)):
        memory.hear([run(BEGAN + at, Sample("used", value))])
        (course,) = memory.courses("used")

    assert course.value.tolist() == [3.0]


def counted(calls: dict[str, int], tier: str) -> list[Level]:
    """The levels of a tier's rule, where every ten seconds so many calls have these outcomes."""
    rule = BY_NAME[f"failing_{tier}"]
    memory, evaluator, levels = AlertMemory.of([rule.value]), Evaluator([rule]), list[Level]()
    for second in range(10, 190, 10):
        for outcome, number in calls.items():
            memory.count("tier_requests", (("family", "dict"), ("outcome", outcome), ("tier", tier)), BEGAN + second, number)
        memory.counted_until(BEGAN + second + 5)
        levels += [change.level for change in evaluator.look(memory, BEGAN + second + 5)]
    return levels


@pytest.mark.parametrize(
    ("tier", "calls", "levels"),
    [
        ("gemini", {"error": 2}, [Level.CRITICAL]),  # ten calls a minute, none answered
        ("gemini", {"refused": 20}, [Level.CRITICAL]),  # 429
        ("redis", {"refused": 20}, []),  # its breaker
        ("dictionary_api", {"hit": 40, "error": 4}, [Level.WARNING]),
        ("dictionary_api", {"hit": 40, "error": 1}, []),
    ],
)
def test_calls_that_fail_are_an_alert_at_any_traffic(tier: str, calls: dict[str, int], levels: list[Level]) -> None:
    """An upstream that refuses fails too; a few failures among many calls are none."""
    assert counted(calls, tier) == levels


def test_a_slow_tier_is_judged_by_the_labels_that_counts_have() -> None:
    """Nine calls of ten within 10 ms, the others within 50: one in twenty is slower than the 20 ms promised."""
    rule = BY_NAME["slow_postgres"]
    memory, evaluator, levels = AlertMemory.of([rule.value]), Evaluator([rule]), list[Level]()
    for second in range(10, 1300, 10):
        for bound, below in ((0.01, 90.0), (0.05, 100.0), (float("inf"), 100.0)):
            labels = (("family", "dict"), ("le", le(bound)), ("tier", "postgres"))
            memory.count("tier_duration", labels, BEGAN + second, below)
        memory.counted_until(BEGAN + second)
        levels += [change.level for change in evaluator.look(memory, BEGAN + second)]

    assert levels == [Level.WARNING]


def test_an_alert_is_over_when_too_little_happens_to_judge_it() -> None:
    """Hundreds of connections a minute, then none: nobody connects anew any more."""
    rule = BY_NAME["connection_churn"]
    memory, evaluator, levels, connected = AlertMemory.of([rule.value]), Evaluator([rule]), list[Level](), 0.0
    for second in range(0, 3000, 10):
        connected += 100.0 if second < 1200 else 0.0
        made = Sample("total_connections_received", connected, Kind.COUNTER)
        memory.hear([run(BEGAN + second, made, Sample("connected_clients", 10.0))])
        levels += [change.level for change in evaluator.look(memory, BEGAN + second)]

    assert levels == [Level.WARNING, Level.OK]


def test_a_replica_whose_link_is_back_is_well_although_the_server_says_no_more_of_it() -> None:
    """INFO names the seconds only while the link is down."""
    rule = BY_NAME["replica_link"]
    memory, evaluator, levels = AlertMemory.of([rule.value]), Evaluator([rule]), list[Level]()
    for second in range(0, 600, 10):
        told = (Sample("master_link_down_since_seconds", float(second)),) if second < 200 else ()
        memory.hear([run(BEGAN + second, *told)])
        levels += [change.level for change in evaluator.look(memory, BEGAN + second)]

    assert levels == [Level.CRITICAL, Level.OK]


def test_what_a_rule_reads_of_one_server_alone_is_kept() -> None:
    """A hit rate needs the cache's uptime; that of another server does not count."""
    memory = AlertMemory.of([BY_NAME["hit_rate_dict_redis"].value])
    for source in ("cache", "state"):
        memory.hear([run(BEGAN, Sample("uptime_in_seconds", 5.0), source=source)])

    assert [course.labels for course in memory.courses("uptime_in_seconds")] == [A]


def test_single_failures_and_a_restart_of_some_seconds_are_no_alert() -> None:
    """Two of three calls a minute that fail are chance; four seconds of failures among calls are a restart."""
    rule = BY_NAME["failing_dictionary_api"]
    memory, evaluator, levels = AlertMemory.of([rule.value]), Evaluator([rule]), list[Level]()
    for second in range(10, 310, 10):
        failed = {60: 40.0, 200: 1.0, 230: 1.0}.get(second, 0.0)
        for outcome, number in (("hit", 60.0 if second < 150 else 0.3), ("error", failed)):
            labels = (("family", "dict"), ("outcome", outcome), ("tier", "dictionary_api"))
            memory.count("tier_requests", labels, BEGAN + second, number)
        memory.counted_until(BEGAN + second + 5)
        levels += [change.level for change in evaluator.look(memory, BEGAN + second + 5)]

    assert levels == []


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


def test_every_shipped_rule_can_be_evaluated() -> None:
    """Over an empty memory nothing fires and nothing breaks;
    every rule has words, and clears on the safe side of firing.
    """
    evaluator = Evaluator(RULES)

    assert evaluator.look(AlertMemory(()), BEGAN) == []
    assert evaluator.broken == {}
    for rule in RULES:
        assert rule.means.endswith(".")
        assert rule.do.endswith(".")
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
