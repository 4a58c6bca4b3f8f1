"""A live part of a page: reads its view, draws it, refreshes by itself;
with the store down it says so and shows the last known.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import streamlit as st

from dashboard import runtime
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.health import SLOW
from prosepolish_core.model.standing import State
from prosepolish_core.model.window import Window

from . import banner, compare, sign_in, window
from . import numbers_first as later

V = TypeVar("V")
Build = Callable[[Window], V]

#: Visitors who look at the same page within this time share one reading. Up to fifteen times as long (the setting
#: runner.cacheBackgroundRefreshTTLMultiplier) they are shown the last one at once, while the next is read behind it.
SHARED_S = 2
#: The same for the range that is compared with: its numbers move slowly.
EARLIER_SHARED_S = 20


def live(name: str, build: Build[V], draw: Callable[[V], None], *, compared: Literal["", "asked", "always"] = "") -> None:
    """Draw `build(window)` now and at every refresh. One fragment: the rest of the page stays as it is.

    `compared`: whether the same view of an earlier range is read too, when somebody asked to compare or always.
    """
    shown = window.chosen()
    first = True

    def part() -> None:
        nonlocal first
        pause, first = first, False
        if not sign_in.may_look():  # it refreshes by itself: the sign-in may have run out since the page was opened
            st.rerun()
        with later.numbers_first(pause=pause):
            read_and_draw()

    def read_and_draw() -> None:
        key = f"last known {name} {shown.key}"
        try:
            view = _read(name, shown.key, runtime.generation(), shown, build)
        except StoreUnavailable as error:
            known: tuple[V, datetime] | None = st.session_state.get(key)
            banner.not_read(error, known[1] if known else None, down=is_down(error))
            if known:
                draw(known[0])
            return
        st.session_state[key] = (view, datetime.now(UTC))
        with compare.beside(earlier()):
            draw(view)

    def earlier() -> compare.EarlierView | None:
        choice = compare.chosen() if compared else compare.NOTHING
        if choice == compare.NOTHING and compared == "always":
            choice = compare.PERIOD
        if choice == compare.NOTHING:
            return None
        try:
            return _read_earlier(name, f"{shown.key} {choice}", runtime.generation(), shown, build, choice)
        except StoreUnavailable:  # what is shown is there; only the comparison is missing
            return None

    st.fragment(part, run_every=window.refresh_s())()


def is_down(error: StoreUnavailable) -> bool:
    """Whether PostgreSQL is away, by its standing: one question that took too long is no proof."""
    return error.word not in SLOW or runtime.core().health()["postgres"].state is State.DOWN


@st.cache_data(ttl=SHARED_S, max_entries=64, show_spinner=False, refresh_mode="background")
def _read(name: str, key: str, generation: int, _shown: window.TimeRange, _build: Build[Any]) -> Any:  # noqa: ARG001 - the cache's key
    return _build(_shown.window())


@st.cache_data(ttl=EARLIER_SHARED_S, max_entries=64, show_spinner=False, refresh_mode="background")
def _read_earlier(
    name: str,  # noqa: ARG001 - the cache's key
    key: str,  # noqa: ARG001
    generation: int,  # noqa: ARG001
    _shown: window.TimeRange,
    _build: Build[Any],
    _choice: str,
) -> compare.EarlierView:
    now = _shown.window()
    by = compare.distance(_choice, now)
    return compare.EarlierView(_build(Window(now.start - by, now.end - by)), _choice, by)
