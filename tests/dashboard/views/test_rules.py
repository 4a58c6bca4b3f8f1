"""Rules give verdicts with a number, a reason and what to do; the worst stands first."""

from dataclasses import replace

from dashboard.views import counts, hit_rate, latency, memory, rules, savings
from dashboard.views.trust import Trust
from prosepolish_core.model.health import Level
from tests.dashboard.rows import WINDOW, Samples, Telemetry, asked, gauge, grown, ledger, took

FRESH = Trust(2.0, 1.0, 0, "Redis INFO")


def facts(**changes: object) -> rules.OverviewFacts:
    """A stack in which all is well, changed."""
    rows = [asked("redis", "hit", 950), asked("redis", "miss", 50), asked("postgres", "hit", 45), asked("postgres", "miss", 5)]
    base = rules.OverviewFacts(
        hit_rate.tier_rates(counts.frame(rows)),
        latency.spreads([took("redis", [0.001] * 100)]),
        memory.build(Samples([gauge("used_memory", 1e6), gauge("maxmemory", 1e8)]), WINDOW).instances,
        FRESH,
        savings.build(Samples(), Telemetry(rows=[ledger("paid", 1, "0.001")]), WINDOW),
        (),
        state_is_shared=False,
        rejected=0.0,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_healthy_stack_has_no_warning() -> None:
    """Every verdict is ok or says that it cannot judge yet."""
    assert {v.level for v in rules.judge(facts())} <= {Level.OK, Level.UNKNOWN}


def test_stale_collectors_are_critical() -> None:
    """No news is not good news."""
    found = rules.judge(facts(trust=replace(FRESH, newest_age_s=300.0)))

    assert found[0].subject == "Collectors"
    assert found[0].level is Level.CRITICAL
    assert "python -m collectors" in found[0].action


def test_evicted_sessions_are_critical_where_they_share_a_server() -> None:
    """Evictions of the cache are its work; where sessions live they log people out."""
    evicting = memory.build(Samples([gauge("used_memory", 1e6)], [grown("evicted_keys", 5)]), WINDOW).instances

    assert rules.judge(facts(instances=evicting, state_is_shared=True))[0].subject == "Sessions"
    assert "Sessions" not in {v.subject for v in rules.judge(facts(instances=evicting))}


def test_a_slow_tier_is_told_with_its_budget_and_what_to_do() -> None:
    """The reason has the measured p95 and the budget."""
    found = rules.judge(facts(spreads=latency.spreads([took("redis", [0.2] * 100)])))[0]

    assert found.level is Level.WARNING
    assert "5.00 ms" in found.reason
    assert found.action


def test_a_cold_cache_is_not_blamed() -> None:
    """Below target right after a start: it cannot be judged yet; an hour later it is a warning."""
    low = hit_rate.tier_rates(counts.frame([asked("redis", "hit", 300), asked("redis", "miss", 700)]))

    cold = rules.judge(facts(rates=low, cache_uptime_s=120.0))
    warm = rules.judge(facts(rates=low, cache_uptime_s=7200.0))

    assert not [v for v in cold if v.level is Level.WARNING]
    assert [v.subject for v in warm if v.level is Level.WARNING] == ["Hit rate of Redis, dictionary"]


def test_the_worst_stands_first() -> None:
    """Critical before warning before the rest."""
    found = rules.judge(facts(trust=replace(FRESH, newest_age_s=300.0), spreads=latency.spreads([took("redis", [0.2] * 100)])))

    assert [v.level.rank for v in found] == sorted((v.level.rank for v in found), reverse=True)


def test_unpriced_calls_and_refused_connections_are_told() -> None:
    """Neither is hidden in a sum."""
    money = savings.build(Samples(), Telemetry(rows=[ledger("paid", 2, "0", unpriced=2)]), WINDOW)

    assert {"Prices", "Connections"} <= {v.subject for v in rules.judge(facts(money=money, rejected=3.0))}
