"""A natural frequency curve."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.traffic.zipf import Zipf


@given(st.integers(1, 300), st.floats(0.0, 3.0), st.integers())
def test_every_draw_is_one_of_the_items(size: int, exponent: float, seed: int) -> None:
    """Whatever the curve, nothing else comes up."""
    assert 0 <= Zipf(range(size), exponent).draw(random.Random(seed)) < size


@given(st.integers(2, 300), st.floats(0.01, 3.0))
def test_shares_rise_to_one_and_the_first_have_the_most(size: int, exponent: float) -> None:
    """The curve falls: the first item's share is the largest, and all together make one."""
    curve = Zipf(range(size), exponent)
    shares = [curve.share(n) for n in range(1, size + 1)]

    assert shares[-1] == pytest.approx(1.0)
    assert shares[0] >= shares[1] - shares[0] > 0


def test_draws_follow_the_shares() -> None:
    """Of many draws the first ten items make up about what the curve says."""
    curve, source = Zipf(range(1000)), random.Random(5)
    drawn = sum(curve.draw(source) < 10 for _ in range(20_000)) / 20_000

    assert drawn == pytest.approx(curve.share(10), abs=0.02)


def test_nothing_can_be_drawn_from_nothing() -> None:
    """An empty curve is refused."""
    with pytest.raises(ValueError, match="nothing to draw"):
        Zipf([])
