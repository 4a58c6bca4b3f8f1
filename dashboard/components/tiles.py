"""Headline numbers: label, value, what it is held to, and its recent course."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st


class Tile(NamedTuple):
    """One number on screen. `note` stands below it; `course` is its evenly spaced recent past."""

    label: str
    value: str
    note: str = ""
    help: str = ""
    course: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]] = ()


#: Enough for a sparkline.
MOST_POINTS = 60


def tiles(row: Sequence[Tile], least_width: int = 170) -> None:
    """Tiles of equal width in one grid that wraps on narrow screens. All of them have a sparkline, or none: they look alike."""
    courses = [[round(float(v), 6) for v in tile.course][-MOST_POINTS:] for tile in row]
    drawn = all(len(course) > 2 for course in courses)
    with st.grid(len(row), min_column_width=least_width, gap="small"):
        for tile, course in zip(row, courses, strict=True):
            st.metric(
                tile.label,
                tile.value,
                help=tile.help or None,
                border=True,
                height="stretch",
                chart_data=course if drawn else None,
                chart_type="area",
                delta=tile.note or None,
                delta_color="off",
                delta_arrow="off",
            )
