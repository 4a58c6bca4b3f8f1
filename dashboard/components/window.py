"""The time range every page shares: it lives in the URL as `range`, so a link carries it."""

import streamlit as st

from prosepolish_core.model.window import parse_span

#: What the control offers, and what it says in words.
SPANS = {
    "5m": "5 minutes",
    "15m": "15 minutes",
    "1h": "hour",
    "6h": "6 hours",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
}
SECONDS = {span: parse_span(span) for span in SPANS}
DEFAULT = "15m"
#: Seconds between two refreshes of a live page: long windows move slowly.
REFRESH_S = {"5m": 3, "15m": 3, "1h": 5, "6h": 10, "24h": 10, "7d": 10, "30d": 10}


def range_control() -> None:
    """Draw the control and the pause toggle."""
    st.segmented_control(
        "Time range",
        list(SPANS),
        default=DEFAULT,
        required=True,
        key="range",
        bind="query-params",
        label_visibility="collapsed",
    )
    st.toggle("Pause", key="paused", persist_state="session", help="Stop the live refresh, for example to look closer at a chart.")


def span() -> str:
    """The chosen range. A value from outside the table (a hand-made URL or client) counts as the default."""
    chosen = st.session_state.get("range", DEFAULT)
    return chosen if chosen in SPANS else DEFAULT


def refresh_s() -> int | None:
    """Seconds between two refreshes; None while paused."""
    return None if st.session_state.get("paused") else REFRESH_S[span()]
