"""Figures for people."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.cli.figures import amount, percent, plain_number, usd


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("4.5", "$4.50"),
        ("54", "$54.00"),
        ("0.0005", "$0.0005"),
        ("-14.7915", "-$14.7915"),
        ("1234567", "$1,234,567.00"),
        ("0", "$0.00"),
    ],
)
def test_money_has_at_least_cents(number: str, text: str) -> None:
    """Cents always, more places when there is more to say."""
    assert usd(Decimal(number)) == text


@given(st.decimals(-(10**9), 10**9, places=8))
def test_no_digit_of_an_amount_is_lost(number: Decimal) -> None:
    """The text is the amount, exactly."""
    assert Decimal(amount(number)) == number


def test_other_figures() -> None:
    """Shares and numbers read as people write them."""
    assert [percent(Decimal(r)) for r in ("0.3", "0.333", "1")] == ["30 %", "33.3 %", "100 %"]
    assert [plain_number(Decimal(n)) for n in ("1.500", "3E+2", "7")] == ["1.5", "300", "7"]


def test_nothing_is_never_minus_nothing() -> None:
    """However somebody typed it."""
    assert [usd(Decimal("-0")), amount(Decimal("-0.00")), plain_number(Decimal("-0.0")), percent(Decimal("-0"))] == [
        "$0.00", "0.00", "0", "0 %",
    ]  # fmt: skip
