"""A sparkline shows the course of a number, whatever its size."""

import re
from xml.etree import ElementTree as ET

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.sparkline import HEIGHT, WIDTH, sparkline


def points(drawing: str) -> list[tuple[float, float]]:
    """The corners of the line."""
    found = re.search(r'<polyline points="([^"]*)"', drawing)
    assert found
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in found[1].split())]


@given(st.lists(st.floats(-1e12, 1e12), min_size=3, max_size=60))
def test_it_is_well_formed_and_stays_within_its_frame(course: list[float]) -> None:
    """Any course becomes XML that parses, with one corner for each value."""
    drawing = sparkline(course)

    ET.fromstring(drawing)
    assert len(points(drawing)) == len(course)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points(drawing))


def test_more_is_higher_and_noise_is_flat() -> None:
    """A rise goes up (y grows downwards); a thousandth of the value is no mountain."""
    rising = [y for _, y in points(sparkline([1.0, 2.0, 3.0]))]
    still = [y for _, y in points(sparkline(np.array([1000.0, 1001.0, 1000.0])))]

    assert rising == sorted(rising, reverse=True)
    assert len(set(still)) == 1
