"""The time range every page shares: a live one (`range` in the URL) or a fixed one (`from` and `to`).

A link carries it; a fixed one shows the same numbers to whoever opens it, as long as they are kept.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import streamlit as st

from prosepolish_core.errors import InvalidWindow
from prosepolish_core.model.window import Window, parse_span

from . import compare
from .foreign_text import plain

#: What the control offers, and what it says in words.
SPANS = {
    "5m": "5 minutes",
    "15m": "15 minutes",
    "1h": "hour",
    "6h": "6 hours",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
}
SECONDS = {span: parse_span(span) for span in SPANS}
DEFAULT = "15m"
#: Seconds between two refreshes of a live page: long windows move slowly.
REFRESH_S = {"5m": 3, "15m": 3, "1h": 5, "6h": 10, "24h": 10, "7d": 10, "30d": 10, "90d": 30}
#: Where a visitor's fixed range is kept: the URL loses it when another page is opened.
FIXED = "fixed range"


class TimeRange(NamedTuple):
    """What a visitor looks at: the last `span` up to now, or the `fixed` window."""

    span: str
    fixed: Window | None = None

    @property
    def key(self) -> str:
        """Names the range in caches and keys of charts."""
        return f"{self.fixed.start.isoformat()}/{self.fixed.end.isoformat()}" if self.fixed else self.span

    @property
    def words(self) -> str:
        """For a sentence: "in …"."""
        return self.fixed.words if self.fixed else f"the last {SPANS[self.span]}"

    def window(self) -> Window:
        """The window as it is now."""
        return self.fixed or Window.last(SECONDS[self.span])


def chosen() -> TimeRange:
    """The chosen range. A value from outside the table (a hand-made URL or client) counts as the default."""
    span = st.session_state.get("range", DEFAULT)
    return TimeRange(span if span in SPANS else DEFAULT, st.session_state.get(FIXED))


def refresh_s() -> int | None:
    """Seconds between two refreshes; None while paused, and for a range that does not move."""
    now = chosen()
    return None if now.fixed or st.session_state.get("paused") else REFRESH_S[now.span]


def range_control() -> None:
    """Draw the control: the live ranges and a pause, or a fixed range with the way to its neighbours and back."""
    refusal = _read_link()
    if fixed := chosen().fixed:
        st.markdown(f":material/event: **{fixed.words}**")
        st.button("Earlier", icon=":material/chevron_left:", on_click=fix, args=(fixed.moved(-1.0),))
        st.button("Later", icon=":material/chevron_right:", on_click=fix, args=(fixed.moved(1.0),), disabled=_reaches_now(fixed))
        st.button("Live", icon=":material/play_arrow:", on_click=_release, help="Back to the last minutes, refreshed by itself.")
    else:
        st.segmented_control(
            "Time range",
            list(SPANS),
            default=DEFAULT,
            required=True,
            key="range",
            bind="query-params",
            label_visibility="collapsed",
        )
        st.toggle("Pause", key="paused", persist_state="session", help="Stop the live refresh, to look closer at a chart.")
    compare.control()
    _picker()
    if refusal:
        st.warning(f"The link's time range is not shown: {plain(refusal)}.", icon=":material/link_off:")


def _picker() -> None:
    shown = chosen().window()
    with st.popover("From – to", icon=":material/calendar_month:"):
        start = st.datetime_input("From (UTC)", shown.start.replace(tzinfo=None), step=60, key=f"from-{chosen().key}")
        end = st.datetime_input("To (UTC)", shown.end.replace(tzinfo=None), step=60, key=f"to-{chosen().key}")
        if st.button("Show", type="primary"):
            try:
                fix(Window(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)).checked(datetime.now(UTC)))
            except InvalidWindow as error:
                st.warning(f"{plain(str(error))}.")
            else:
                st.rerun()
        told = "Writes both instants into the address: copy it from there."
        st.button("Share what is shown now", on_click=fix, args=(shown,), help=told)


def _read_link() -> str:
    """Take over a fixed range from the URL, or give it back to the URL; says why one cannot be used."""
    texts = st.query_params.get("from"), st.query_params.get("to")
    if texts == (None, None):
        if fixed := st.session_state.get(FIXED):
            _write_link(fixed)
        return ""
    try:
        st.session_state[FIXED] = Window.parse(texts[0] or "", texts[1] or "").checked(datetime.now(UTC))
    except InvalidWindow as error:
        _release()
        return str(error)
    return ""


def fix(window: Window) -> None:
    """Show this range from now on, on every page."""
    st.session_state[FIXED] = window
    _write_link(window)


def _write_link(window: Window) -> None:
    st.query_params["from"], st.query_params["to"] = window.texts


def _release() -> None:
    st.session_state.pop(FIXED, None)
    for name in ("from", "to"):
        st.query_params.pop(name, None)


def _reaches_now(window: Window) -> bool:
    return window.end >= datetime.now(UTC)
