"""Look a word up, look again and see tier 1, invalidate and look again."""

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from dashboard import runtime
from dashboard.components.actions import PageAction, allowed
from dashboard.components.foreign_text import plain
from dashboard.views.memory import total
from dashboard.views.miss_reason import reason
from dashboard.views.playground import INVALIDATED, Explained, nothing_found
from prosepolish_core.errors import InvalidInput, StoreUnavailable
from prosepolish_core.model.entry import Entry
from prosepolish_core.model.health import Level
from prosepolish_core.model.window import Window

from . import explained_call as told
from .looking_up import looked_up, may_look

PANEL = "word"
MOST_MEANINGS, MOST_SENSES = 4, 3


#: How an invalidation is told, by its level.
BOXES: Mapping[Level, Callable[[str], object]] = {
    Level.OK: partial(st.success, icon=":material/delete_sweep:"),
    Level.WARNING: partial(st.warning, icon=":material/cloud_off:"),
    Level.CRITICAL: partial(st.error, icon=":material/cloud_off:"),
}


def panel() -> None:
    with st.form("word-form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        word = st.text_input("Word", value="eloquent", key="word", help="Any English word; a made-up one works too.")
        look = st.form_submit_button("Look up", type="primary", icon=":material/search:", key="look")
        drop = st.form_submit_button("Invalidate", icon=":material/delete_sweep:", key="invalidate")
    if drop:
        _invalidate(word or "")
    if look:
        _look(word or "")
    shown: tuple[Explained, Entry | None, str] | None = st.session_state.get("word shown")
    if not shown:
        st.caption(
            "Look a word up twice: the first answer comes from deeper down, the second from Redis. Invalidate, and it starts again."
        )
        return
    explained, entry, asked = shown
    told.show(explained, PANEL)
    if why := st.session_state.get("word missed"):
        st.markdown(f":material/help_center: **Why was it not in Redis?** {plain(why)}")
    _entry(entry, nothing_found(explained, asked))
    told.before(PANEL)


def _look(word: str) -> None:
    if not may_look(word):
        return
    st.session_state.pop("word missed", None)
    try:
        explained, found = looked_up(word)
    except InvalidInput as error:
        st.warning(f"This is no word to look up: {plain(str(error))}.", icon=":material/edit:")
        return
    if found:
        st.session_state["word missed"] = reason(found.trace, _evicted())
    spelled = found.word if found else word
    told.remember(PANEL, spelled, explained)
    st.session_state["word shown"] = (explained, found.entry if found else None, spelled)


def _evicted() -> float | None:
    """Keys that the cache evicted in the last hour; None where that cannot be read."""
    try:
        grown = runtime.samples().increases(("evicted_keys",), Window.last(3600), points=1, source="cache")
    except StoreUnavailable:
        return None
    return total(grown[0]) if grown else None


def _invalidate(word: str) -> None:
    if not allowed(PageAction.INVALIDATE, word):
        return
    try:
        done = runtime.core().dictionary.invalidate(word)
    except InvalidInput as error:
        st.warning(f"This is no word to look up: {plain(str(error))}.", icon=":material/edit:")
        return
    level, told = INVALIDATED[done.postgres, done.redis]
    BOXES[level](told)


def _entry(entry: Entry | None, nothing: str) -> None:
    with st.container(border=True):
        if entry is None:
            st.text(nothing)
            return
        st.text(f"{entry.word}   {entry.phonetic}".strip())
        for meaning in entry.meanings[:MOST_MEANINGS]:
            st.caption(plain(meaning.part_of_speech))
            lines = [f"{n}. {sense.definition}" for n, sense in enumerate(meaning.definitions[:MOST_SENSES], start=1)]
            st.text("\n".join(lines))
        if entry.license.name:
            st.text(f"Licence: {entry.license.name}")
