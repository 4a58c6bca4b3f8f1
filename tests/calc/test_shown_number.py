"""What a page shows as text is still the number it was written from."""

import copy
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc import numbers
from prosepolish_core.calc.shown_number import ShownNumber


def test_a_shown_number_keeps_its_value_and_unit() -> None:
    """Exactly: dollars stay decimal; a share is told in percent, as it is shown."""
    money, share, unknown = numbers.usd(Decimal("0.00041")), numbers.percent(0.125), numbers.size(None)
    assert isinstance(money, ShownNumber)
    assert isinstance(share, ShownNumber)
    assert isinstance(unknown, ShownNumber)
    assert (money, money.value, money.unit) == ("$0.00041", Decimal("0.00041"), "USD")
    assert (share, share.value, share.unit) == ("12.5 %", 12.5, "%")
    assert (unknown, unknown.value) == ("–", None)


@given(st.floats(allow_nan=False))
def test_it_survives_copies(value: float) -> None:
    """Rows are copied on their way into a table or a file, by the protocol that a cache of views uses too."""
    shown = numbers.duration(value)
    for copied in (copy.copy(shown), copy.deepcopy(shown)):
        assert (copied, copied.value, copied.unit) == (shown, value, "s")
