"""The savings report, printed by a real browser, is one A4 page, whatever stands in the ledger."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from dashboard.report.savings import report
from dashboard.views import outlook, savings
from tests.dashboard.rows import Samples, Telemetry
from tests.dashboard.test_report import LIVE, MONTH, STEADY
from tests.dashboard.views.test_outlook import NOW

pytestmark = [pytest.mark.browser, pytest.mark.live]

#: Every line of the ledger, and more models and prices, with longer names, than the page has room for.
CROWDED = Telemetry(
    rows=[
        row._replace(
            model=f"models/gemini-{n}-flash-lite-preview-with-a-long-name", price_source=f"contract {n}", line=line, ts=NOW
        )
        for n in range(12)
        for row in STEADY.ledger(MONTH)[:1]
        for line in ("answer", "nothing", "hold-out", "redis", "postgres", "remembered", "coalesced")
    ]
)


@pytest.mark.parametrize("telemetry", [STEADY, CROWDED, Telemetry()], ids=["a month", "crowded", "empty"])
def test_it_prints_on_one_page(telemetry: Telemetry, page: Page, tmp_path: Path) -> None:
    """And nothing is cut off at its right edge."""
    view = savings.build(Samples(), telemetry, MONTH)
    file = tmp_path / "report.html"
    file.write_text(report(view, outlook.build(STEADY, NOW), LIVE), encoding="utf-8")
    page.set_viewport_size({"width": 703, "height": 1000})  # what A4 leaves between its margins
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= 703")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1
