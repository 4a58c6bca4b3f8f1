"""Which month, and in whose time zone its days begin: UTC or the viewer's own. Both live in the URL."""

from datetime import UTC, datetime, timedelta, tzinfo

import streamlit as st

from prosepolish_core.errors import InvalidWindow
from prosepolish_core.model.calendar_month import CalendarMonth, zone_named
from prosepolish_core.model.window import Window

from . import window
from .foreign_text import plain

ZONE = "zone"
HELP = "A month begins at midnight of this zone. The charts of this page stay in UTC."


def zone_control() -> str:
    """Draw the choice; the zone of a link that nobody knows is refused visibly."""
    linked = st.query_params.get(ZONE)
    viewer = getattr(st.context, "timezone", None)
    options = ["UTC"]
    for name in filter(None, dict.fromkeys((viewer, linked))):
        try:
            options += [name] if str(zone_named(name)) not in options else []
        except InvalidWindow as error:
            if name == linked:
                st.warning(f"The link's time zone is not used: {plain(str(error))}.", icon=":material/link_off:")

    def keep() -> None:
        st.query_params[ZONE] = st.session_state["month zone"] or "UTC"

    usual = linked if linked in options else "UTC"
    chosen = st.segmented_control("Months in", options, default=usual, required=True, key="month zone", on_change=keep, help=HELP)
    return chosen if chosen in options else usual


def month_buttons(zone: tzinfo) -> None:
    """This month so far, and the one before, as the page's range."""
    now = datetime.now(UTC)
    this = CalendarMonth.of(now, zone)
    before = CalendarMonth.of(this.window.start - timedelta(days=1), zone)
    so_far = Window(this.window.start, max(now, this.window.start + timedelta(seconds=1)))
    st.button(f"Range: {this} so far", on_click=window.fix, args=(so_far,), type="tertiary", icon=":material/today:")
    st.button(f"Range: {before}", on_click=window.fix, args=(before.window,), type="tertiary", icon=":material/event:")
