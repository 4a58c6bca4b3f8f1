"""Figures for people."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.cli.figures import amount, count, in_bytes, percent, plain_number, usd


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
    """Shares, counts and sizes read as people write them."""
    assert [percent(Decimal(r)) for r in ("0.3", "0.333", "1")] == ["30 %", "33.3 %", "100 %"]
    assert [count(Decimal(n)) for n in ("9000", "2.25")] == ["9,000", "2.2"]
    assert [in_bytes(Decimal(n)) for n in (0, 999, 2000, 270_000_000, 10**9, 10**13)] == [
        "0 B", "999 B", "2 KB", "270 MB", "1 GB", "10 TB",
    ]  # fmt: skip
    assert [plain_number(Decimal(n)) for n in ("1.500", "3E+2", "7")] == ["1.5", "300", "7"]
