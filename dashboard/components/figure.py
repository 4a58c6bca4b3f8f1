"""Shows a figure: stable key, alternative text that states what it says, a picture and its numbers to take along;
drawn after the page's numbers.
"""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from . import numbers_first as later
from . import take_along, window

#: The tool bar comes when the pointer does, and saves the chart as a picture; all else is in the page.
CONFIG = {
    "displayModeBar": "hover",
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "responsive": True,
}


def show(figure: go.Figure, *, key: str, alt: str, timed: bool = True, defined: Sequence[str] = ()) -> None:
    """Draw it. The key holds zoom over refreshes; another time range is another chart."""
    name = f"{key}-{window.chosen().key}" if timed else key
    config = CONFIG | {"toImageButtonOptions": {"format": "png", "scale": 2, "filename": f"prosepolish-{key}"}}

    def draw() -> None:
        st.plotly_chart(figure, key=name, config=config, alt=alt)

    with st.container(gap=None):
        later.place(draw, int(figure.layout.height), wave=0)
        later.place(lambda: take_along.of_chart(figure, key=key, about=alt, defined=defined), take_along.ROOM, wave=2)
