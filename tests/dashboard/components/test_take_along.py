"""What a page shows can be taken along as a file that says what it is."""

import csv
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components import take_along
from dashboard.components.take_along import table_of
from prosepolish_core.calc import numbers
from prosepolish_core.calc.csv_text import csv_text

ROOT = Path(__file__).parents[3]


def test_a_table_is_taken_along_as_numbers() -> None:
    """Exact, with the unit in the name of the column; a dash is empty; text stays text."""
    rows = [
        {"line": "=cmd", "calls": numbers.count(1234567), "cost": numbers.usd(Decimal("0.000412")), "share": numbers.percent(0.31)},
        {"line": "b", "calls": numbers.count(None), "cost": numbers.NONE, "share": "31 of 100"},
    ]
    found = table_of(rows)
    assert found.columns == ("line", "calls", "cost (USD)", "share (%)")
    assert found.rows == (("=cmd", 1234567, Decimal("0.000412"), 31.0), ("b", None, None, "31 of 100"))
    read = list(csv.reader(StringIO(csv_text(["what"], found.columns, found.rows))))
    assert read[0] == ["# what"]
    assert read[2] == ["'=cmd", "1234567", "0.000412", "31.0"]


def test_every_page_draws_through_the_one_mechanism() -> None:
    """No chart and no table without its numbers: Streamlit's own calls stand in these components alone."""
    allowed = {"figure.py", "table.py", "take_along.py", "ledger_rows.py"}
    drawn = [
        path
        for room in ("dashboard", "pages")
        for path in (ROOT / room).rglob("*.py")
        if path.name not in allowed
        and any(call in path.read_text(encoding="utf-8") for call in ("st.plotly_chart", "st.dataframe"))
    ]
    assert drawn == []


def app() -> None:
    """A page with a chart and a table."""
    import numpy as np

    from dashboard.charts.over_time import ChartLine, bars
    from dashboard.components import figure, table
    from prosepolish_core.calc import numbers
    from prosepolish_core.model.window import Window

    window = Window.last(900)
    ts = np.array([window.start.replace(tzinfo=None)], dtype="datetime64[ms]")
    figure.show(bars([ChartLine("paid", ts, np.array([0.5]), "#000000")], unit="usd", window=window), key="one", alt="Paid")
    table.show([{"name": "=1+1", "size": numbers.size(2048)}], key="two", alt="Sizes")


def test_a_file_says_its_range_its_filters_and_its_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """In head lines; nothing is written before somebody asks for it."""
    asked: list[object] = []
    monkeypatch.setattr(take_along.st, "download_button", lambda *given, **more: asked.append((given, more)))
    at = AppTest.from_function(app)
    at.query_params["counted"] = ["live", "=test"]
    at.run()
    assert not at.exception
    ((label, written, name, mime), more) = asked[-1]  # type: ignore[misc]
    assert (label, name, mime, more["on_click"]) == ("CSV", "prosepolish-two-15m.csv", "text/csv", "ignore")
    text = written().decode("utf-8-sig")
    head = [line for line in text.splitlines() if line.startswith('"#')]
    assert "Sizes" in head[0]
    assert "the last 15 minutes" in head[1]
    assert "counted = live" in head[2]
    assert text.endswith('"name","size (bytes)"\r\n"\'=1+1",2048\r\n')
