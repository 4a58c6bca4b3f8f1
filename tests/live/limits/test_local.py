"""The limiter of one process."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.live.limits.local import LocalLimits
from prosepolish_core.live.limits.wire import plan
from prosepolish_core.model.limit import Limit


@given(st.integers(1, 50), st.lists(st.tuples(st.integers(0, 500_000), st.integers(1, 5)), max_size=80))
def test_the_local_limiter_never_admits_more_than_its_share_in_any_window(amount: int, steps: list[tuple[int, int]]) -> None:
    """Exact: counted over every window that ends at an admitted call."""
    now = [1_000_000]
    local, admitted = LocalLimits(1, lambda: now[0]), []
    for wait, cost in steps:
        now[0] += wait
        if local.check(plan([Limit(amount, 1)], cost), ["k"], charge=True)[0]:
            admitted.append((now[0], cost))
    for end, _ in admitted:
        assert sum(cost for at, cost in admitted if end - 1_000_000 < at <= end) <= amount


def test_the_local_share_is_the_limit_divided_by_the_workers() -> None:
    """Rounded down, at least one; nothing of nothing."""
    local = LocalLimits(4, lambda: 0)
    assert [local.share(Limit(n, 60)) for n in (10, 3, 0)] == [2, 1, 0]


def test_a_full_local_table_forgets_quiet_subjects_and_denies_new_ones_while_all_are_busy() -> None:
    """Memory is bounded and no busy count is lost."""
    now = [1_000_000]
    local = LocalLimits(1, lambda: now[0], most=2)
    ask = plan([Limit(1, 1)], 1)
    assert [local.check(ask, [k], charge=True)[0] for k in ("a", "b", "c")] == [True, True, False]
    now[0] += 1_000_000
    assert local.check(ask, ["c"], charge=True)[0]


def test_steady_traffic_below_a_large_limit_is_never_refused() -> None:
    """Hits of a large limit are gathered, and gathered hits stop to count: 40 % of the limit, for ten windows."""
    now = [1_000_000]
    local, ask = LocalLimits(1, lambda: now[0]), plan([Limit(5_000, 60)], 1)
    for _ in range(20_000):
        now[0] += 30_000
        assert local.check(ask, ["k"], charge=True)[0]


def test_a_large_fixed_window_keeps_no_more_than_a_thousand_sums() -> None:
    """Memory of one subject is bounded, whatever the limit."""
    now = [1_000_000]
    local, ask = LocalLimits(1, lambda: now[0]), plan([Limit(1_000_000, 3600, "window")], 1)
    for _ in range(20_000):
        now[0] += 100_000
        local.check(ask, ["k"], charge=True)
    assert len(local._logs["k"].hits) <= 1_001


def test_one_long_window_does_not_keep_the_table_full_of_finished_ones() -> None:
    """The oldest subject still counts, those after it do not: they make room."""
    now = [1_000_000]
    local, short = LocalLimits(1, lambda: now[0], most=3), plan([Limit(1, 1)], 1)
    local.check(plan([Limit(5, 86_400)], 1), ["long"], charge=True)
    local.check(short, ["a"], charge=True)
    local.check(short, ["b"], charge=True)
    now[0] += 2_000_000
    assert local.check(short, ["c"], charge=True)[0]
