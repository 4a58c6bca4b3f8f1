"""The limiter of one process."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.limits.local import LocalLimits
from prosepolish_core.limits.plan import plan
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
