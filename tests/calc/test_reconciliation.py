"""The gap between ledger and invoice, named in plain words."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from prosepolish_core.calc.ledger_sums import Measured, Side
from prosepolish_core.calc.reconciliation import MonthFacts, explained


def facts(invoice: str, paid: str = "10", **more: Any) -> MonthFacts:
    side, left_out = more.pop("side", Side(100, usd=Decimal(paid))), more.pop("left_out", {})
    given = {"in_google_zone": Decimal(paid), **more}
    return MonthFacts("2026-11", Decimal(invoice), Measured(side, Side(), left_out=left_out), **given)


def days(*pairs: tuple[str, str]) -> dict[date, tuple[Decimal, Decimal]]:
    return {date(2026, 11, n): (Decimal(there), Decimal(here)) for n, (there, here) in enumerate(pairs, 1)}


def test_to_the_cent_is_agreement() -> None:
    """Less than a cent is rounding; calls of unknown cost are mentioned all the same."""
    assert explained(facts("10.004")) == ["They agree to the cent."]
    told = explained(facts("10", side=Side(102, usd=Decimal(10), unknown=2)))
    assert told == ["They agree to the cent. 2 calls of unknown cost were billed nothing, or less than a cent."]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (facts("12", since=date(2026, 11, 9), before=Decimal(2)), "The ledger begins on 2026-11-09: the invoice has $2.00 for the days before."),
        (facts("12", open=True), "The month is not over"),
        (facts("12", in_google_zone=Decimal(12)), "use --zone America/Los_Angeles"),
        (facts("12", side=Side(110, usd=Decimal(10), unknown=7, unpriced=3)), "10 calls are in no sum; at the mean price of the others about $1.00"),
        (facts("12", left_out={"test": Side(5, usd=Decimal(2))}), "5 calls marked test ($2.00) are not counted, which is the gap"),
        (facts("12", by_day=days(("3.6", "3"), ("4.8", "4"), ("3.6", "3")), prices=["m by ours"]), "On every day the invoice has 20.0 % more: a price or a tax differs"),
        (facts("12"), "Nothing in the ledger explains it"),
        (facts("9"), "a free quota or credits"),
    ],
)  # fmt: skip
def test_each_cause_has_its_sentence(found: MonthFacts, said: str) -> None:
    """One that names it, and what to do where something can be done."""
    sentences = explained(found)
    assert len(sentences) == 1
    assert said in sentences[0]


def test_days_that_differ_are_named_where_they_are_few() -> None:
    """So that somebody can look at them."""
    told = explained(facts("12", by_day=days(("5", "3"), ("4", "4"), ("3", "3"))))
    assert told[-1] == "The gap lies on one day: 2026-11-01 (+$2.00)."
    assert len(explained(facts("50", by_day=days(*[("10", "1")] * 2, *[("7", "2")] * 3)))) == 1
