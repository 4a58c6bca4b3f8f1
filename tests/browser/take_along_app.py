"""A page with a chart and a table of hostile words, as every page draws them."""

import numpy as np

from dashboard.charts.over_time import ChartLine, bars
from dashboard.components import figure, table
from prosepolish_core.calc import numbers
from prosepolish_core.model.window import Window

window = Window.last(900)
ts = np.array([window.start.replace(tzinfo=None)], dtype="datetime64[ms]")
figure.show(bars([ChartLine("paid", ts, np.array([0.5]), "#3B82F6")], unit="usd", window=window), key="one", alt="What was paid")
table.show([{"name": '=HYPERLINK("//host")', "size": numbers.size(2048)}], key="two", alt="Sizes")
