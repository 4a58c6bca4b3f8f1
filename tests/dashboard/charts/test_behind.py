"""The table behind a figure says what the figure draws."""

import numpy as np
import pytest

from dashboard.charts.behind import behind
from dashboard.charts.over_time import ChartLine, bars, lines
from dashboard.charts.planning import Pin, curve
from prosepolish_core.model.whatif import CurvePoint
from tests.dashboard.charts.test_figure_builder import FIGURES
from tests.dashboard.rows import WINDOW

TS = np.datetime64(WINDOW.start.replace(tzinfo=None), "ms") + np.arange(3) * np.timedelta64(10, "s")


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_one(name: str) -> None:
    """With a column for each trace that says something, and no row without a number."""
    found = behind(FIGURES[name]())
    assert found.rows
    assert len(set(found.columns)) == len(found.columns) >= 2
    for row in found.rows:
        assert len(row) == len(found.columns)
        assert any(cell is not None for cell in row[1:])


def test_lines_are_rows_by_instant_in_the_unit_of_the_axis() -> None:
    """A gap is an empty cell; an instant that no line has is no row."""
    used = ChartLine("used", TS, np.array([1024.0, np.nan, 2048.0]), "#000000")
    limit = ChartLine("limit", TS[:1], np.array([4096.0]), "#000000")
    found = behind(lines([used, limit], unit="bytes", window=WINDOW))
    assert found.columns == ("time (UTC)", "used (KB)", "limit (KB)")
    first, last = (str(ts).replace("T", " ")[:19] for ts in TS[[0, 2]])
    assert found.rows == ((first, 1.0, 4.0), (last, 2.0, None))


def test_bars_of_money_say_so() -> None:
    """The unit stands in the name of the column."""
    found = behind(bars([ChartLine("paid", TS, np.array([0.1, 0.0, 0.3]), "#000000")], unit="usd", window=WINDOW))
    assert (found.columns[1], [row[1] for row in found.rows]) == ("paid (USD)", [0.1, 0.0, 0.3])


def test_a_curve_names_its_settings() -> None:
    """As its axis does."""
    points = [CurvePoint(3600.0, 0.25, 1.0), CurvePoint(7200.0, 0.5, 0.5)]
    found = behind(curve(points, ["1 h", "2 h"], [Pin("today", 7200.0, 0.5)]))
    assert found.rows == (("1 h", 25.0, None), ("2 h", 50.0, 50.0))
    assert found.columns == ("what", "value (%)", "today (%)")
