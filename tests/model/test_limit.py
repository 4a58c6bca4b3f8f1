"""Limits as values."""

import copy
from decimal import Decimal

import pytest

from prosepolish_core.errors import InvalidLimit
from prosepolish_core.model.limit import Algorithm, Limit


@pytest.mark.parametrize("which", ["amount", "per_s"])
@pytest.mark.parametrize(
    "value", [-1, 10**9 + 1, 2**63, True, 1.5, 60.0, float("nan"), float("inf"), "60", b"60", None, Decimal(60), [60]]
)
def test_a_limit_that_cannot_mean_anything_is_refused(which: str, value: object) -> None:
    """A number, a window: with a ValueError of our own, whatever was given instead of a whole number in range."""
    with pytest.raises(InvalidLimit) as refused:
        Limit(**{"amount": 5, "per_s": 60, which: value})  # type: ignore[arg-type]
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize(("amount", "per_s"), [(0, 1), (10**9, 30 * 86_400), (1, 1)])
def test_the_ends_of_the_ranges_are_limits(amount: int, per_s: int) -> None:
    """Nothing, a thousand million, a second and thirty days."""
    assert Limit(amount, per_s)[:2] == (amount, per_s)


@pytest.mark.parametrize("per_s", [0, 30 * 86_400 + 1])
def test_a_window_out_of_range_is_refused(per_s: int) -> None:
    """No window at all, and one of more than thirty days."""
    with pytest.raises(InvalidLimit, match="a window in seconds"):
        Limit(5, per_s)


def test_the_algorithm_follows_the_size_unless_asked_for() -> None:
    """Exact up to 1,000, GCRA above."""
    assert Limit(1000, 60).algorithm is Algorithm.LOG
    assert Limit(1001, 60).algorithm is Algorithm.GCRA
    assert Limit(5000, 60, "log").algorithm is Algorithm.LOG


def test_no_way_round_the_checks() -> None:
    """`_replace` checks too; a copy is the same limit."""
    limit = Limit(10, 60, "gcra", outage="refuse", shadow=True, subject="s", name="n")
    assert [copy.deepcopy(limit), limit._replace(amount=10)] == [limit] * 2
    with pytest.raises(InvalidLimit):
        limit._replace(amount=-5)
