"""Headline numbers: label, value, what it is held to, and its recent course."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from dashboard.charts.sparkline import sparkline
from prosepolish_core.calc import numbers


class Tile(NamedTuple):
    """One number on screen. `note` stands below it; `course` is its evenly spaced recent past.

    `change`: how it differs from the range it is compared with.

    `old`: since when the number is not known any more; then it is greyed, and nothing is shown as if it were of now.
    """

    label: str
    value: str
    note: str = ""
    help: str = ""
    course: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]] = ()
    old: str = ""
    change: str = ""


#: Enough for a sparkline.
MOST_POINTS = 60


def tiles(row: Sequence[Tile], least_width: int = 170, columns: int = 0) -> None:
    """Tiles of equal width in one grid that wraps on narrow screens.

    All of them have a sparkline, or none: they look alike.
    """
    drawn = all(len(tile.course) > 2 for tile in row)
    boxed = drawn or any(tile.change for tile in row)
    with st.grid(columns or len(row), min_column_width=least_width, gap="small"):
        for tile in row:
            if boxed:
                with st.container(border=True, height="stretch", gap="xsmall"):
                    _metric(tile, border=False)
                    if tile.change and tile.note and not tile.old:
                        st.caption(tile.note)
                    if drawn:
                        st.image(sparkline(tile.course[-MOST_POINTS:]), width="stretch", alt=_told(tile))
            else:
                _metric(tile, border=True)


def _metric(tile: Tile, *, border: bool) -> None:
    st.metric(
        f":gray[{tile.label}]" if tile.old else tile.label,
        numbers.NONE if tile.old else tile.value,
        help=tile.help or None,
        border=border,
        height="stretch" if border else "content",
        delta=tile.old or tile.change or tile.note or None,
        delta_color="off",
        delta_arrow="off",
    )


def _told(tile: Tile) -> str:
    """What the sparkline shows, for those who do not see it."""
    first, last = float(tile.course[0]), float(tile.course[-1])
    moved = "rose" if last > first else "fell" if last < first else "stayed the same"
    return f"{tile.label} {moved} over the window"
