"""The worked example of docs/savings.md is what the program computes, row by row and in its sums."""

import re
from datetime import date
from decimal import Decimal

from prosepolish_core.calc.ledger_sums import measured
from prosepolish_core.calc.money import PriceRow, cost_of, price_on
from prosepolish_core.model.correction import Tokens
from prosepolish_core.model.counts import LedgerTotal
from prosepolish_core.model.llm import LedgerLine
from tests.dashboard.rows import ledger

from .documents import ROOT

TEXT = (ROOT / "docs/savings.md").read_text(encoding="utf-8")
PRICES = (
    PriceRow("m", Decimal("0.30"), Decimal(0), Decimal("2.50")),
    PriceRow("m", Decimal("0.25"), Decimal(0), Decimal("2.00"), date(2026, 11, 15)),
)
#: Tokens in and out, and the day, of each row.
CALLS = {n: (450, 150, date(2026, 11, 1 if n < 5 else 15)) if n < 6 else (200, 60, date(2026, 11, 16)) for n in range(1, 9)}


def rows() -> list[LedgerTotal]:
    """The rows of the document, at prices of the program."""
    found = []
    for number, line, paid, avoided in re.findall(r"^\| (\d) \|.*\| `([\w-]+)` \| *(\S*) *\| *(\S*) *\|$", TEXT, re.MULTILINE):
        prompt, output, day = CALLS[int(number)]
        price = price_on(PRICES, day, prompt)
        assert price
        cost = cost_of(Tokens(prompt, 0, output, 0), price)
        assert (paid or avoided) == f"${cost:.7f}", number
        made = ledger("paid" if paid else "avoided", 1, str(cost), task="define" if int(number) > 5 else "correct")
        found.append(made._replace(line=line, also_postgres=int(number) > 6))
    return found


def test_each_row_costs_what_the_price_table_says_and_the_sums_are_theirs() -> None:
    """Paid, for nothing, avoided, without any cache, by Redis alone."""
    found = rows()
    sums = measured(found)
    assert len(found) == 8
    assert f"**${sums.paid.usd:.7f}** | **${sums.avoided.usd:.7f}**" in TEXT
    assert f"**Without any cache** the eight would\n  have cost their sum, ${sums.without_cache_usd:.7f}" in TEXT
    assert f"${sums.line(LedgerLine.NOTHING).usd:.5f} **for nothing**" in TEXT
    assert f"**By Redis alone** it is ${sums.redis_alone.usd:.7f}" in TEXT
