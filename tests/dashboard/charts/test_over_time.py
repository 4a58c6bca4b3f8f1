"""Figures over time stay within their point budget and show gaps as gaps."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.charts.over_time import ChartLine, bars, lines
from dashboard.charts.theme import MOST_POINTS
from prosepolish_core.model.series import Mark
from tests.dashboard.rows import NOW, WINDOW, at

START = np.datetime64(WINDOW.start.replace(tzinfo=None), "ms")


def line(values: list[float], step_ms: int = 1000, **more: object) -> ChartLine:
    """A series from the start of the window on."""
    ts = START + np.arange(len(values)) * np.timedelta64(step_ms, "ms")
    return ChartLine("used", ts, np.array(values), "#3B82F6", **more)  # type: ignore[arg-type]


@settings(max_examples=20)
@given(st.integers(1, 60_000))
def test_no_trace_carries_more_points_than_allowed(points: int) -> None:
    """However much a reader hands over, the browser gets at most 1,500 points per trace."""
    figure = lines([line(list(np.sin(np.arange(points))), 15)], unit="1", window=WINDOW)

    assert all(len(trace.x) <= MOST_POINTS for trace in figure.data)


def test_a_silence_is_not_bridged() -> None:
    """Where the samples stop for a while the line stops too."""
    values = line([1.0] * 20)
    ts = values.ts.copy()
    ts[10:] += np.timedelta64(300, "s")

    (trace,) = lines([values._replace(ts=ts)], unit="1", window=WINDOW).data

    assert np.isnan(np.asarray(trace.y, dtype=float)).any()
    assert trace.connectgaps is False


def test_bytes_are_drawn_in_the_unit_their_ticks_name() -> None:
    """256 MB is drawn as 256 with ticks in MB, not as 268,435,456."""
    figure = lines([line([256 * 1024.0**2] * 3)], unit="bytes", window=WINDOW)

    assert figure.data[0].y[0] == pytest.approx(256)
    assert figure.layout.yaxis.ticksuffix == " MB"


def test_marks_are_vertical_lines_with_their_text() -> None:
    """A restart is seen on every chart."""
    figure = lines([line([1.0] * 5)], unit="1", window=WINDOW, marks=[Mark(at(300), "restart", "run_id changed", "cache")])

    assert len(figure.layout.shapes) == 1
    assert "run_id changed" in figure.layout.annotations[0].hovertext


def test_the_axis_spans_the_window_unless_most_of_it_lies_before_the_first_sample() -> None:
    """A new installation is not shown as one dot at the right edge."""
    full = lines([line([1.0] * 900)], unit="1", window=WINDOW)
    fresh = line([1.0] * 60)
    young = lines([fresh._replace(ts=fresh.ts + np.timedelta64(800, "s"))], unit="1", window=WINDOW)

    assert full.layout.xaxis.range[0] == WINDOW.start.replace(tzinfo=None)
    assert young.layout.xaxis.range[0] > WINDOW.start.replace(tzinfo=None) + timedelta(seconds=700)
    assert young.layout.xaxis.range[1] == NOW.replace(tzinfo=None)


def test_an_interval_is_drawn_only_where_it_is_known() -> None:
    """A gap in the data splits the band; nothing is filled across it."""
    low = np.array([0.1, 0.1, np.nan, 0.1, 0.1])
    banded = line([0.5, 0.5, np.nan, 0.5, 0.5], low=low, high=low + 0.5)

    band = lines([banded], unit="ratio", window=WINDOW).data[0]

    assert band.fill == "toself"
    assert np.isnan(np.asarray(band.y, dtype=float)).sum() == 2


def test_bars_of_nothing_are_an_empty_figure() -> None:
    """No series, no error."""
    assert len(bars([], unit="1", window=WINDOW).data) == 0


def test_zoom_survives_a_refresh() -> None:
    """The same chart drawn again has the same uirevision."""
    one, two = (lines([line([n])], unit="1", window=WINDOW) for n in (1.0, 2.0))

    assert one.layout.uirevision == two.layout.uirevision


def test_a_limit_that_never_moved_is_drawn_from_its_two_ends() -> None:
    """A browser needs no more; one that moved, or a silence in it, keeps all its points."""
    limit = line([5.0] * 50, dash="dash")
    (still,) = lines([limit], unit="1", window=WINDOW).data
    (moved,) = lines([limit._replace(values=np.append(limit.values[:-1], 6.0))], unit="1", window=WINDOW).data
    later = limit.ts + np.where(np.arange(50) < 25, 0, 300) * np.timedelta64(1, "s")
    (silent,) = lines([limit._replace(ts=later)], unit="1", window=WINDOW).data

    assert list(still.y) == [5.0, 5.0]
    assert len(moved.y) == 50
    assert np.isnan(np.asarray(silent.y, dtype=float)).any()


def test_the_labels_of_an_axis_have_room_without_being_measured() -> None:
    """The longer the numbers, the wider the margin; no figure asks the browser to measure and draw again."""
    small = lines([line([3.0] * 5)], unit="1", window=WINDOW)
    long_ = lines([line([0.000012] * 5)], unit="usd", window=WINDOW)

    assert long_.layout.margin.l > small.layout.margin.l
    assert not small.layout.xaxis.automargin
    assert not small.layout.yaxis.automargin


def test_a_logarithmic_axis_names_times_as_people_do() -> None:
    """A thousandth of a second is 1 ms, not 0.001 s."""
    axis = lines([line([0.001, 1.0])], unit="seconds", window=WINDOW, log=True).layout.yaxis

    assert dict(zip(axis.tickvals, axis.ticktext, strict=True))[1e-3] == "1 ms"
