"""Shows a figure: stable key, no tool bar, alternative text that states what it says."""

import plotly.graph_objects as go
import streamlit as st

from . import window

CONFIG = {"displayModeBar": False, "responsive": True}


def show(figure: go.Figure, *, key: str, alt: str, timed: bool = True) -> None:
    """Draw it. The key holds zoom over refreshes; another time range is another chart."""
    st.plotly_chart(figure, key=f"{key}-{window.span()}" if timed else key, config=CONFIG, alt=alt)
