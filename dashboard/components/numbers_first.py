"""Numbers first: figures and tables keep a browser busy,
so they get their place at once and are drawn after the numbers.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from operator import attrgetter
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

#: A browser paints what arrived before it begins with what arrives later only where a moment lies between the two.
#: Streamlit's front end gathers messages for 10 ms, then renders; a frame takes 17 ms more.
PAUSE_S = 0.04

Content = Callable[[], None]


class HeldBack(NamedTuple):
    """Something kept back: where it goes, what draws it, and in which wave."""

    slot: DeltaGenerator
    content: Content
    wave: int


_waiting: ContextVar[list[HeldBack] | None] = ContextVar("waiting", default=None)


@contextmanager
def numbers_first(*, pause: bool) -> Iterator[None]:
    """Within it, `place` keeps contents back; at its end they are drawn, wave after wave, each after a pause."""
    waiting: list[HeldBack] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    drawn = -1
    for part in sorted(waiting, key=attrgetter("wave")):
        if pause and part.wave != drawn:
            time.sleep(PAUSE_S)
        drawn = part.wave
        with part.slot:
            part.content()


def place(content: Content, height: int, *, wave: int) -> None:
    """Draw the content here, but after the numbers.

    Its room of `height` pixels is kept, so that nothing below it jumps.
    """
    waiting = _waiting.get()
    if waiting is None:
        content()
        return
    waiting.append(HeldBack(st.container(height=height, border=False), content, wave))
