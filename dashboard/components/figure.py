"""Shows a figure: stable key, no tool bar, alternative text that states what it says;
drawn after the page's numbers.
"""

import plotly.graph_objects as go
import streamlit as st

from . import numbers_first as later
from . import window

CONFIG = {"displayModeBar": False, "responsive": True}


def show(figure: go.Figure, *, key: str, alt: str, timed: bool = True) -> None:
    """Draw it. The key holds zoom over refreshes; another time range is another chart."""
    name = f"{key}-{window.chosen().key}" if timed else key

    def draw() -> None:
        st.plotly_chart(figure, key=name, config=CONFIG, alt=alt)

    later.place(draw, int(figure.layout.height), wave=0)
