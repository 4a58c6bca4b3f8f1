"""Numbers on screen keep their unit and never say more than they know."""

from decimal import Decimal
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc import numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (1536, "1.5 KB"),
        (268_435_456, "256.0 MB"),
        (5 * 1024**3, "5.0 GB"),
        (None, "–"),
    ],
)
def test_bytes_are_binary(value: float | None, shown: str) -> None:
    """1 KB is 1024 B, as Redis counts."""
    assert numbers.size(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.000_25, "250 µs"), (0.0015, "1.50 ms"), (0.0123, "12.3 ms"), (0.25, "250 ms"), (1.5, "1.50 s"), (nan, "–")],
)
def test_a_time_has_three_digits_and_the_unit_that_fits(seconds: float, shown: str) -> None:
    """µs, ms or s, whichever keeps the number short."""
    assert numbers.duration(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("4.5"), "$4.50"),
        (Decimal(54), "$54.00"),
        (Decimal("0.0005"), "$0.00050"),
        (Decimal("0.00039"), "$0.00039"),
        (Decimal(0), "$0.00"),
        (Decimal("12345.678"), "$12\u2009345.68"),
        (Decimal("-0.25"), "-$0.25"),
        (None, "–"),
    ],
)
def test_money_has_enough_digits(value: Decimal | None, shown: str) -> None:
    """A hundredth of a cent is not shown as nothing."""
    assert numbers.usd(value) == shown


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_percentage_is_never_rounded_to_all_or_nothing(part: int, rest: int) -> None:
    """100 % and 0 % are said only when they are true."""
    shown = numbers.percent(part / (part + rest))

    assert shown not in {"100.0 %", "0.0 %"} or part / (part + rest) in {0.0, 1.0}


@given(st.floats(min_value=0, max_value=1e15))
def test_every_size_and_time_can_be_shown(value: float) -> None:
    """No magnitude breaks a tile: short texts without an exponent."""
    for shown in (numbers.size(value), numbers.duration(value), numbers.count(value), numbers.rate(value)):
        assert shown
        assert "e" not in shown


def test_thousands_are_set_apart_by_a_thin_space() -> None:
    """Neither a comma nor a full stop, which mean different things in different places."""
    assert numbers.count(1_234_567) == "1\u2009234\u2009567"


@pytest.mark.parametrize(("seconds", "shown"), [(3, "3 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d"), (None, "–")])
def test_an_age_is_told_in_the_unit_that_fits(seconds: float | None, shown: str) -> None:
    """s, min, h or d."""
    assert numbers.age(seconds) == shown
