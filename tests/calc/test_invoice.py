"""Invoices as CSV: read in the forms in which they come, or refused with the line at fault."""

from datetime import UTC, date
from decimal import Decimal

import pytest

from prosepolish_core.calc.invoice import in_dollars, read_invoice
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.calendar_month import zone_named

GOOGLE = """Invoice number,5512345678
Currency,USD

Billing account name,Service description,SKU description,Usage start date,Usage end date,Usage amount,Cost type,Cost ($),Currency
Prose,Gemini API,Generate content input tokens,2026-11-01,2026-11-30,120000,Usage,"$1,000.25",USD
Prose,Gemini API,Generate content output tokens,2026-11-30,2026-11-30,5000,Usage,0.75,USD
Prose,Cloud Storage,Standard storage,2026-11-01,2026-11-30,3,Usage,3.10,USD
Prose,Gemini API,,2026-11-30,2026-11-30,,Tax,190.19,USD
Prose,,,,,,Total,1194.29,USD
"""


def test_google_s_cost_table() -> None:
    """Calls of the model day by day; taxes, other services and the line of totals apart."""
    found = read_invoice(GOOGLE, UTC)
    assert (found.months, found.cost("2026-11"), found.currency) == (["2026-11"], Decimal("1001.00"), "USD")
    assert found.beside == {"Cloud Storage": Decimal("3.10"), "taxes": Decimal("190.19")}
    assert found.by_day("2026-11") == {date(2026, 11, 1): Decimal("1000.25"), date(2026, 11, 30): Decimal("0.75")}


def test_a_focus_file_counts_instants_on_the_zone_s_days() -> None:
    """Half an hour before midnight in UTC it is the next day, and the next month, in Berlin."""
    text = "BilledCost,BillingCurrency,ChargeCategory,ChargePeriodStart\n0.5,USD,Usage,2026-10-31T23:30:00Z\n"
    assert read_invoice(text, UTC).months == ["2026-10"]
    assert read_invoice(text, zone_named("Europe/Berlin")).by_day("2026-11") == {date(2026, 11, 1): Decimal("0.5")}


@pytest.mark.parametrize("month", ["2026-11", "202611"])
def test_months_alone_are_enough(month: str) -> None:
    """Then there is nothing to say of days."""
    found = read_invoice(f"\ufeffmonth,amount\n{month},4.50\n2026-12,1\n", UTC)
    assert (found.months, found.cost("2026-11"), found.by_day("2026-11")) == (["2026-11", "2026-12"], Decimal("4.50"), {})


def test_another_currency_is_told_and_can_be_changed() -> None:
    """Line by line, exactly."""
    found = read_invoice("date,cost,currency\n2026-11-02,2,eur\n", UTC)
    assert found.currency == "EUR"
    assert in_dollars(found, Decimal("1.1")).cost("2026-11") == Decimal("2.2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column for the date"),
        ("a,b\n1,2\n", "no column for the date"),
        ("date,cost\n2026-11-02,cheap\n", "line 2 of the invoice: 'cheap' is no amount"),
        ("date,cost\n2026-11-02,nan\n", "is no amount"),
        ("date,cost\n11/30/2026,1\n", "line 2 of the invoice: '11/30/2026' is no date"),
        ("date,cost,service\n2026-11-02,1,Cloud Storage\n", "no line for calls of Gemini"),
        ("date,cost,currency\n2026-11-02,1,USD\n2026-11-02,1,EUR\n", "several currencies"),
        ("date,cost\n", "no line for calls of Gemini"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, said: str) -> None:
    """And nothing is guessed."""
    with pytest.raises(InvalidInput, match=said.replace("(", r"\(")):
        read_invoice(text, UTC)
