"""Another range beside the one shown: what is laid under a chart, and what a tile tells."""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard.charts.over_time import ChartLine, lines
from dashboard.components import compare
from dashboard.components.compare import EarlierView, told
from tests.dashboard.rows import WINDOW


class Numbers(NamedTuple):
    """A view of one number and one line."""

    value: float | None
    line: ChartLine


def view(value: float | None) -> Numbers:
    """Two points a minute apart."""
    ts = np.array(["2026-11-23T11:50", "2026-11-23T11:51"], dtype="datetime64[ms]")
    return Numbers(value, ChartLine("used", ts, np.array([1.0, 2.0]), "#3B82F6"))


@pytest.mark.parametrize(
    ("now", "then", "points", "words"),
    [
        (0.9, 0.859, True, "+4.1 points"),
        (0.859, 0.9, True, "−4.1 points"),
        (0.9, 0.9001, True, "no change"),
        (150.0, 100.0, False, "+50\u00a0%"),
        (100.0, 150.0, False, "−33\u00a0%"),
        (5000.0, 1.0, False, "+499\u2009900\u00a0%"),
        (1.0, 1.0, False, "no change"),
        (0.0, 0.0, False, "no change"),
        (1.0, 0.0, False, ""),
        (None, 1.0, False, ""),
        (1.0, None, True, ""),
        (float("nan"), 1.0, False, ""),
    ],
)
def test_a_difference_is_told_with_its_sign_or_not_at_all(now: float | None, then: float | None, points: bool, words: str) -> None:
    """Growth from nothing has no share; what is unknown has no change."""
    assert told(now, then, points=points) == words


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_change_and_the_way_back_have_opposite_signs(a: float, b: float) -> None:
    """In points of percent."""
    there, back = told(a, b, points=True), told(b, a, points=True)
    assert {there[0], back[0]} in ({"+", "−"}, {"n"})


def test_the_earlier_line_is_moved_to_now_and_lies_under_todays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name of the range it is of; limits are not drawn twice."""
    monkeypatch.setattr(compare, "chosen", lambda: compare.WEEK)
    limit = view(1)._replace(line=view(1).line._replace(dash="dash"))
    with compare.beside(EarlierView(view(7), compare.WEEK, timedelta(days=7))):
        earlier, now = compare.overlaid(view(1), lambda one: [one.line])
        alone = compare.overlaid(limit, lambda _one: [limit.line])

    assert (earlier.name, now.name) == ("used, a week before", "used")
    assert (earlier.ts - now.ts).tolist() == [timedelta(days=7)] * 2
    assert earlier.dash == "dot"
    assert alone == [limit.line]
    assert len(lines([earlier, now], unit="bytes", window=WINDOW).data) == 2


def test_nothing_is_laid_under_a_chart_that_nobody_asked_to_compare() -> None:
    """A tile may still tell its change; a view of another kind is no earlier one."""
    with compare.beside(EarlierView(view(8), compare.PERIOD, timedelta(minutes=15))):
        assert [line.name for line in compare.overlaid(view(10), lambda one: [one.line])] == ["used"]
        assert compare.change(view(10), lambda one: one.value) == "+25\u00a0%"
        assert compare.change("text", len) == ""
        assert compare.against() == "the period before, of the same length"
    assert compare.change(view(10), lambda one: one.value) == ""
    assert compare.against() == ""


def test_the_period_before_touches_the_range_and_the_week_is_a_week() -> None:
    """Whatever the length of the range."""
    assert compare.distance(compare.PERIOD, WINDOW) == WINDOW.end - WINDOW.start
    assert compare.distance(compare.WEEK, WINDOW) == timedelta(days=7)


def page() -> None:
    """A live part whose view is its window."""
    import streamlit as st

    from dashboard.components import compare, window
    from dashboard.components.live import live

    def draw(shown: object) -> None:
        earlier = compare._beside.get()
        st.text("alone" if earlier is None else f"{(shown.end - earlier.view.end).total_seconds():.0f}")  # type: ignore[attr-defined]

    window.range_control()
    live("asked", lambda found: found, draw, compared="asked")
    live("always", lambda found: found, draw, compared="always")
    live("never", lambda found: found, draw)


@pytest.mark.parametrize(
    ("choice", "texts"),
    [
        ("no comparison", ["alone", "900", "alone"]),
        ("period before", ["900", "900", "alone"]),
        ("week before", ["604800", "604800", "alone"]),
    ],
)
def test_the_earlier_range_is_read_when_somebody_asks_and_where_it_always_is(choice: str, texts: list[str]) -> None:
    """The choice is part of the address; nonsense there is no choice."""
    at = AppTest.from_function(page, default_timeout=30)
    at.query_params["compare"] = choice
    at.run()

    assert not at.exception
    assert [
        abs(int(text.value) - int(texts[i])) <= 5 if text.value != "alone" else texts[i] == "alone"
        for i, text in enumerate(at.text)
    ] == [True] * 3
