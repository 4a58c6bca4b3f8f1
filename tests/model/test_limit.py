"""Limits as values."""

import copy

import pytest

from prosepolish_core.errors import InvalidLimit
from prosepolish_core.model.limit import Algorithm, Limit


@pytest.mark.parametrize(
    ("amount", "per_s"), [(-1, 60), (10**9 + 1, 60), (5, 0), (5, 30 * 86_400 + 1), (True, 60), (5, 1.5), (float("nan"), 1)]
)
def test_a_limit_that_cannot_mean_anything_is_refused(amount: object, per_s: object) -> None:
    """With a ValueError of our own."""
    with pytest.raises(InvalidLimit):
        Limit(amount, per_s)  # type: ignore[arg-type]


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
