"""Axes show units people read."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.scales import scale


@given(st.sampled_from(["bytes", "seconds"]), st.floats(1e-5, 1e14))
def test_the_largest_value_keeps_its_size_on_screen(unit: str, largest: float) -> None:
    """Divided by its scale it is at least 1, where the unit has a smaller step."""
    shown = scale(unit, largest)

    assert largest / shown.divisor >= 1 or shown.suffix in {" B", " µs"}


@pytest.mark.parametrize("largest", [nan, inf, 0.0, -3.0])
def test_an_axis_without_a_sensible_largest_value_is_still_an_axis(largest: float) -> None:
    """Nothing to show is no error."""
    assert scale("bytes", largest).divisor >= 1
