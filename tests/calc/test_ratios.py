"""Hit ratios and their interval."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.ratios import hit_ratio, wilson
from prosepolish_core.errors import InvalidInput


def test_known_interval() -> None:
    """81 of 263: a textbook example."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_interval_holds_the_ratio_and_stays_in_bounds(hits: int, misses: int) -> None:
    """0 <= low <= ratio <= high <= 1, for any counts but none."""
    found = hit_ratio(hits, misses)
    if hits + misses == 0:
        assert isnan(found.value)
        assert isnan(found.low)
        assert isnan(found.high)
    else:
        assert 0.0 <= found.low <= found.value <= found.high <= 1.0


@given(st.integers(0, 100), st.integers(1, 100))
def test_more_evidence_narrows_the_interval(hits: int, misses: int) -> None:
    """The same ratio from a hundred times the lookups is known better."""
    few, many = hit_ratio(hits, misses), hit_ratio(hits * 100, misses * 100)
    assert many.high - many.low < few.high - few.low


def test_more_hits_than_lookups_are_refused() -> None:
    """A ratio above 1 is a mistake upstream, not a number."""
    with pytest.raises(InvalidInput):
        wilson(3, 2)
