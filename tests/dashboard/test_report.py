"""The printable report says what the page says, with its definitions in the foot, and foreign words stay words."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboard.report.savings import DEFINITIONS, of_month, report
from dashboard.views import outlook, savings
from prosepolish_core.model.window import Window
from tests.dashboard.rows import Samples
from tests.dashboard.views.test_outlook import NOW, Steady

STEADY = Steady(began=NOW - timedelta(days=60))
MONTH = of_month(Window(NOW - timedelta(minutes=15), NOW), NOW, UTC)
LIVE = frozenset({"live"})


def text_of(html: str) -> str:
    """What a reader sees."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)))


def test_the_month_shown_is_the_one_in_which_the_range_ends() -> None:
    """As far as it has come; a month that is over is whole."""
    assert Window(datetime(2026, 11, 1, tzinfo=UTC), NOW) == MONTH
    october = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    assert of_month(october, NOW, UTC) == october


def test_the_report_tells_the_numbers_of_the_page_and_defines_them() -> None:
    """The sums, the lines, the projection, what is no money, and every definition."""
    view = savings.build(Samples(), STEADY, MONTH)
    made = text_of(report(view, outlook.build(STEADY, NOW), LIVE))
    for told in (
        "What the cache saved, 2026-11",
        "$2.81",
        "$1.87",
        "Spared by waiting for another&#x27;s call",
        "API calls not made (no money)",
    ):
        assert told in made, told
    for name in DEFINITIONS:
        assert f" {name} " in made, name


def test_foreign_words_never_become_markup() -> None:
    """The name of a model comes from outside."""
    rows = [row._replace(model="<script>alert(1)</script>") for row in STEADY.ledger(MONTH)[:3]]
    view = savings.build(Samples(), replace_rows(rows), MONTH)
    made = report(view, outlook.build(STEADY, NOW), LIVE)
    assert "<script" not in made
    assert "&lt;script&gt;" in made


def replace_rows(rows: list[savings.LedgerTotal]) -> Steady:
    """The same telemetry with other rows in its ledger."""
    found = replace(STEADY)
    object.__setattr__(found, "ledger", lambda window, points=1: rows)
    return found
