"""Shows rows as a table, drawn last: it can be sorted, searched, and taken along as a file."""

from collections.abc import Mapping, Sequence

import streamlit as st

from . import numbers_first as later
from . import take_along

#: Pixels of one row and of the frame around all.
ROW, FRAME, MOST_ROWS = 33, 2, 11


def show(rows: Sequence[Mapping[str, object]], *, key: str, alt: str, defined: Sequence[str] = ()) -> None:
    """One row for each mapping; the names of the first are the columns."""
    height = ROW * (min(len(rows), MOST_ROWS) + 1) + FRAME

    def draw() -> None:
        st.dataframe(list(rows), hide_index=True, key=key, alt=alt, height=height)

    with st.container(gap=None):
        later.place(draw, height, wave=1)
        later.place(lambda: take_along.of_rows(rows, key=key, about=alt, defined=defined), take_along.ROOM, wave=2)
