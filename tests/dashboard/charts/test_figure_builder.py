"""Every figure, drawn from plain dictionaries, is one that Plotly itself accepts."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.charts.cascade import cascade
from dashboard.charts.over_time import ChartLine, bars, lines
from dashboard.charts.spans import rates, spreads
from dashboard.charts.waterfall import waterfall
from dashboard.views import counts, hit_rate, latency, playground
from dashboard.views.cascade import falls
from prosepolish_core.model.series import Mark
from tests.dashboard.rows import WINDOW, asked, at, took
from tests.dashboard.views.test_playground import FELL

COUNTS = counts.frame([asked("redis", "hit", 5), asked("redis", "miss", 5), asked("postgres", "hit", 5)])
TIMES = [took("redis", [0.001, 0.1]), took("postgres", [0.01])]
TS = np.datetime64(WINDOW.start.replace(tzinfo=None), "ms") + np.arange(60) * np.timedelta64(10, "s")
BAND = ChartLine("used", TS, np.full(60, 0.5), "#3B82F6", "dash", True, np.full(60, 0.4), np.full(60, 0.6))
MARKS = [Mark(at(300), "restart", "run_id changed", "cache")]

FIGURES: dict[str, Callable[[], go.Figure]] = {
    "lines": lambda: lines([BAND], unit="ratio", window=WINDOW, marks=MARKS, ceiling=1.0),
    "logarithmic lines": lambda: lines([BAND], unit="seconds", window=WINDOW, log=True),
    "bars": lambda: bars([BAND], unit="usd", window=WINDOW, marks=MARKS),
    "few": lambda: bars([BAND], unit="1", window=WINDOW),
    "cascade": lambda: cascade(falls(COUNTS, TIMES)),
    "waterfall": lambda: waterfall(playground.of_trace(FELL).steps),
    "rates": lambda: rates(hit_rate.tier_rates(COUNTS)),
    "spreads": lambda: spreads(latency.spreads(TIMES)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_plotly_accepts_it(name: str) -> None:
    """Every attribute exists and has a value it may have."""
    drawn = FIGURES[name]()

    checked = go.Figure(drawn.to_dict())

    assert len(checked.data) == len(drawn.data) > 0
    assert checked.layout.height > 0
