"""The savings formula filled from what was measured, however little that is."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.ledger_sums import Measured, Side
from prosepolish_core.calc.lookups_spared import ApiSpared
from prosepolish_core.calc.measured_assumptions import measured_assumptions
from prosepolish_core.calc.savings import Assumptions, estimate

COUNTS = st.integers(0, 10**6)
SIDES = st.builds(Side, calls=COUNTS, usd=st.decimals(0, 1000, places=6), seconds=st.floats(0, 1e6))


@given(SIDES, SIDES, COUNTS, COUNTS, st.floats(0, 40))
def test_any_measurement_fills_the_formula_and_less_than_a_day_says_nothing_of_a_day(
    paid: Side, avoided: Side, spared: int, more: int, days: float
) -> None:
    """Also in the first second of a ledger, and where nothing was asked."""
    words = ApiSpared({"redis": spared}, spared + more)
    found, usual = measured_assumptions(Measured(paid, avoided), words, days), Assumptions()
    assert estimate(found)
    calls = paid.calls + avoided.calls
    told = days >= 1
    assert found.corrections_per_day == (round(calls / days) if told and calls else usual.corrections_per_day)
    assert found.lookups_per_day == (round(words.lookups / days) if told and words.lookups else usual.lookups_per_day)
    if calls:
        assert found.correction_hit_ratio == round(Decimal(avoided.calls) / calls, 3)
