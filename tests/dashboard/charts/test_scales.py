"""Axes show units people read."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.scales import Scale, scale


@given(st.sampled_from(["bytes", "seconds"]), st.floats(1e-5, 1e14))
def test_the_largest_value_keeps_its_size_on_screen(unit: str, largest: float) -> None:
    """Divided by its scale it is at least 1, where the unit has a smaller step."""
    shown = scale(unit, largest)

    assert largest / shown.divisor >= 1 or shown.suffix in {" B", " µs"}


@pytest.mark.parametrize("largest", [nan, inf, 0.0, -3.0])
def test_an_axis_without_a_sensible_largest_value_is_still_an_axis(largest: float) -> None:
    """Nothing to show is no error."""
    assert scale("bytes", largest).divisor >= 1


@pytest.mark.parametrize(
    ("unit", "largest", "shown"),
    [
        ("bytes", 1023, Scale(1.0, " B")),
        ("bytes", 1024, Scale(1024.0, " KB")),
        ("bytes", 5 * 1024**2, Scale(1024.0**2, " MB")),
        ("bytes", 1024**3, Scale(1024.0**3, " GB")),
        ("bytes", 1024**4, Scale(1024.0**4, " TB")),
        ("seconds", 1.0, Scale(1.0, " s")),
        ("seconds", 0.999, Scale(1e-3, " ms")),
        ("seconds", 2e-6, Scale(1e-6, " µs")),
        ("seconds", 2e-9, Scale(1e-6, " µs")),
        ("ratio", 0.95, Scale(0.01, " %")),
        ("usd", 3.0, Scale(1.0, "", "$")),
        ("1/s", 3.0, Scale(1.0, " /s")),
        ("1", 3.0, Scale(1.0, "")),
    ],
)
def test_each_unit_is_divided_by_what_its_sign_says(unit: str, largest: float, shown: Scale) -> None:
    """A ratio of 0.95 stands at 95 %, five megabytes at 5 MB."""
    assert scale(unit, largest) == shown


@pytest.mark.parametrize(("largest", "label"), [(0.95, "0000 %"), (0.0005, "0.00 %"), (0.0, "0000 %")])
def test_room_is_left_for_the_longest_label(largest: float, label: str) -> None:
    """Small shares need more digits behind the point."""
    assert len(scale("ratio", largest).longest(largest)) >= len(label)
