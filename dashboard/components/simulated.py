"""The badge *simulated*: on every page while any part of what it shows was made by a simulation."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import streamlit as st

from dashboard import runtime
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.model.window import Window

from . import window

#: Spans are written once, before anything else is; they are asked for again so seldom.
ASKED_S = 30
KNOWN = "simulated spans"
MADE_UP = " :violet-badge[:material/theater_comedy: simulated]"


def badge(shown: Callable[[], Window]) -> None:
    """Draw it while a simulated span lies in `shown()`; refreshed with the page, for a live range moves on."""

    def part() -> None:
        if told := words(_spans(), shown()):
            st.markdown(told)

    st.fragment(part, run_every=window.refresh_s())()


def words(spans: Sequence[Window], shown: Window) -> str:
    """What the badge says of this window; empty: nothing in it is simulated."""
    seen = [span for span in spans if span.overlaps(shown)]
    if not seen:
        return ""
    until = max(span.end for span in seen)
    what = "All of it" if until >= shown.end else f"What lies before {until:%Y-%m-%d %H:%M} UTC"
    return f"{MADE_UP} :gray[{what} was made by a simulation, not measured.]"


def _spans() -> list[Window]:
    """With the store away, what was known before."""
    with suppress(StoreUnavailable):
        st.session_state[KNOWN] = _read(runtime.generation())
    known: list[Window] = st.session_state.get(KNOWN, [])
    return known


@st.cache_data(ttl=ASKED_S, show_spinner=False)
def _read(generation: int) -> list[Window]:  # noqa: ARG001 - the cache's key
    return runtime.samples().simulated()
