"""Another range beside the one shown: the period before or the week before, as an overlay and as a difference.

One mechanism for all pages: `live` reads the same view once more, charts lay its lines under their own, tiles tell the
change.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import NamedTuple, TypeVar

import numpy as np
import streamlit as st

from dashboard.charts.over_time import ChartLine
from prosepolish_core.model.window import Window

V = TypeVar("V")
NOTHING, PERIOD, WEEK = "no comparison", "period before", "week before"
#: What the control offers: the address holds these very words.
CHOICES = (NOTHING, PERIOD, WEEK)
WORDS = {PERIOD: "the period before, of the same length", WEEK: "the same time a week before"}

SHORT = {PERIOD: "before", WEEK: "a week before"}


class EarlierView(NamedTuple):
    """The same view of an earlier range: which one it is, and how much later its lines are drawn."""

    view: object
    choice: str
    by: timedelta

    @property
    def words(self) -> str:
        """For a sentence: "against …"."""
        return WORDS[self.choice]

    @property
    def short(self) -> str:
        """For the legend of a chart."""
        return SHORT[self.choice]


_beside: ContextVar[EarlierView | None] = ContextVar("beside", default=None)


def control() -> None:
    """Draw it; the choice is part of the address."""
    st.selectbox(
        "Compare",
        CHOICES,
        key="compare",
        bind="query-params",
        label_visibility="collapsed",
        width=170,
    )


def chosen() -> str:
    """What is compared with; a value from outside the table counts as nothing."""
    choice = st.session_state.get("compare", NOTHING)
    return choice if choice in CHOICES else NOTHING


def distance(choice: str, window: Window) -> timedelta:
    """How much earlier the other range lies."""
    return window.end - window.start if choice == PERIOD else timedelta(days=7)


@contextmanager
def beside(earlier: EarlierView | None) -> Iterator[None]:
    """Within it, `overlaid` and `change` know the earlier view."""
    token = _beside.set(earlier)
    try:
        yield
    finally:
        _beside.reset(token)


def overlaid(view: V, lines_of: Callable[[V], Sequence[ChartLine]]) -> list[ChartLine]:
    """The view's lines; where somebody asked to compare, the earlier ones too, moved to now and dotted."""
    now, found = list(lines_of(view)), _earlier(view)
    if found is None or chosen() == NOTHING:
        return now
    then, earlier = found
    by = np.timedelta64(int(earlier.by.total_seconds() * 1000), "ms")
    moved = [
        ChartLine(f"{line.name}, {earlier.short}", line.ts + by, line.values, line.colour, "dot")
        for line in lines_of(then)
        if line.dash == "solid" and len(line.ts)
    ]
    return moved + now


def change(view: V, number: Callable[[V], float | None], *, points: bool = False) -> str:
    """How the number differs from the earlier one: in points of percent, or as a share of it. Empty where unknown."""
    found = _earlier(view)
    return told(number(view), number(found[0]), points=points) if found else ""


def earlier(view: V) -> V | None:
    """The same view of the earlier range, where there is one."""
    found = _earlier(view)
    return found[0] if found else None


def against() -> str:
    """What changes are told against, or nothing."""
    earlier = _beside.get()
    return earlier.words if earlier else ""


def told(now: float | None, then: float | None, *, points: bool = False) -> str:
    """A difference in words."""
    if now is None or then is None or not np.isfinite([now, then]).all():
        return ""
    if points:
        digits = f"{abs(now - then) * 100:.1f}"
        return "no change" if digits == "0.0" else f"{_sign(now - then)}{digits} points"
    if not then:
        return "" if now else "no change"
    digits = f"{abs(now / then - 1) * 100:,.0f}".replace(",", "\u2009")
    return "no change" if digits == "0" else f"{_sign(now - then)}{digits}\u00a0%"


def _sign(difference: float) -> str:
    return "+" if difference > 0 else "−"


def _earlier(view: V) -> tuple[V, EarlierView] | None:
    earlier = _beside.get()
    return (earlier.view, earlier) if earlier is not None and isinstance(earlier.view, type(view)) else None
