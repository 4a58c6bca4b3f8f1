"""A breaker opens after failures, lets one caller through at a time to find out, and closes after a success."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.breaker import Breaker, BreakerPolicy, BreakerState

POLICY = BreakerPolicy(failures=3, calls=10, ratio=0.5, slow_s=1.0, open_s=2.0, longest_s=8.0)


def opened(at: float = 0.0) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker(POLICY)
    for _ in range(POLICY.failures):
        breaker.failure(at)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    """Two failures and a success do not open it; three failures do."""
    breaker = Breaker(POLICY)
    breaker.failure(0)
    breaker.failure(0)
    breaker.success(0)
    breaker.failure(0)
    assert breaker.allow(0)
    breaker.failure(0)
    breaker.failure(0)
    assert not breaker.allow(0.1)
    assert breaker.state(0.1) is BreakerState.OPEN


def test_it_opens_when_half_of_the_calls_fail() -> None:
    """Failures that are never three in a row count as well."""
    breaker = Breaker(POLICY)
    for number in range(POLICY.calls + 2):
        (breaker.failure if number % 2 == 0 else breaker.success)(0)
    assert not breaker.allow(0)


def test_slow_calls_count_as_failures() -> None:
    """A server that answers too late does as much harm as one that fails."""
    breaker = Breaker(POLICY)
    for _ in range(3):
        breaker.success(0, duration_s=1.5)
    assert not breaker.allow(0)


def test_one_caller_at_a_time_finds_out() -> None:
    """Half-open lets one through; its success closes, its failure opens for twice as long."""
    breaker = opened()
    assert breaker.state(2.0) is BreakerState.HALF_OPEN
    assert breaker.allow(2.0)
    assert not breaker.allow(2.0)
    breaker.failure(2.1)
    assert not breaker.allow(2.1 + 3.9)
    assert breaker.allow(2.1 + 4.0)
    breaker.success(6.2)
    assert breaker.state(6.2) is BreakerState.CLOSED


def test_a_probe_that_never_reports_does_not_hold_the_others_up() -> None:
    """Somebody else may find out after the open time has passed again."""
    breaker = opened()
    assert breaker.allow(2.0)
    assert breaker.allow(4.1)


def test_a_failure_that_began_before_a_change_undoes_nothing() -> None:
    """Of two probes lost in one outage the second adds nothing to the pause; after a recovery no straggler counts."""
    breaker = opened()
    assert breaker.allow(2.0)
    assert breaker.allow(4.0)
    breaker.failure(5.0, duration_s=3.0)
    breaker.failure(7.0, duration_s=3.0)
    assert breaker.allow(5.0 + 4.0)
    breaker.success(9.5)
    for _ in range(POLICY.failures):
        breaker.failure(10.0, duration_s=6.0)
    assert breaker.closed
    for _ in range(POLICY.failures):
        breaker.failure(11.0, duration_s=1.0)
    assert not breaker.closed


def test_calls_lost_in_an_outage_that_nobody_noticed_do_not_open_it_when_they_time_out_later() -> None:
    """Others that began later have succeeded. Without such a success the same failures do open it."""
    breaker, quiet = Breaker(POLICY), Breaker(POLICY)
    for number in range(10):
        breaker.success(10.0 + number, duration_s=0.5)
        for each in (breaker, quiet):
            each.failure(20.0, duration_s=20.0)
    assert breaker.closed
    assert not quiet.closed


def test_retry_after_is_honoured() -> None:
    """One refusal that names a time keeps everybody away for that long."""
    breaker = Breaker(POLICY)
    breaker.failure(0, stay_away_s=20)
    assert not breaker.allow(19.9)
    assert breaker.allow(20.1)


@given(st.lists(st.tuples(st.sampled_from(["ok", "fail", "ask"]), st.floats(0, 5)), max_size=60))
def test_it_is_never_open_longer_than_the_longest(events: list[tuple[str, float]]) -> None:
    """Whatever happened, a caller is let through within `longest_s`."""
    breaker, now = Breaker(POLICY), 0.0
    for what, pause in events:
        now += pause
        if what == "ask":
            breaker.allow(now)
        else:
            (breaker.success if what == "ok" else breaker.failure)(now)
    assert breaker.allow(now + POLICY.longest_s + 0.01)
