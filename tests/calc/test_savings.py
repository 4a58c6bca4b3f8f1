"""Savings by formula and by ledger."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.ledger_sums import measured
from prosepolish_core.calc.savings import Assumptions, estimate
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.counts import LedgerTotal


def row(kind: str, calls: int, usd: str, unpriced: int = 0, seconds: float = 0.0) -> LedgerTotal:
    """A ledger total."""
    return LedgerTotal(datetime(2026, 11, 1, tzinfo=UTC), kind, "m", calls, unpriced, 0, 0, 0, 0, Decimal(usd), seconds)


def test_the_project_s_own_figures_come_out_exactly() -> None:
    """9,000 calls and $4.50 a month, $54 a year; 135,000 requests and 270 MB a month; 3.75 hours of waiting."""
    result = estimate(Assumptions())
    assert result.calls_per_month == 9000
    assert result.usd_per_month == Decimal("4.50")
    assert result.usd_per_year == Decimal(54)
    assert result.requests_per_month == 135_000
    assert result.bytes_per_month == 270_000_000
    assert result.waiting_s_per_month == Decimal("3.75") * 3600


def test_net_savings_may_be_negative() -> None:
    """A cache that costs more than it saves shows a loss."""
    assert estimate(Assumptions(cache_usd_per_month=Decimal(15))).net_usd_per_month == Decimal("-10.50")


@pytest.mark.parametrize(
    "wrong",
    [
        {"correction_hit_ratio": Decimal("1.01")},
        {"lookup_hit_ratio": Decimal(-1)},
        {"corrections_per_day": -1},
        {"usd_per_call": Decimal("NaN")},
        {"cache_usd_per_month": Decimal("Infinity")},
        {"usd_per_call": Decimal("sNaN")},
        {"usd_per_call": Decimal("1e999999")},
        {"usd_per_call": Decimal("1e-999999")},
        {"corrections_per_day": 10**400},
        {"days_per_month": 32},
        {"months_per_year": 13},
    ],
)
def test_assumptions_out_of_range_are_refused(wrong: dict[str, Decimal]) -> None:
    """Ratios above one, negative and absurd figures and NaN are refused with the name of the figure."""
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        Assumptions(**wrong)  # type: ignore[arg-type]


def test_the_ledger_is_added_up_side_by_side() -> None:
    """Paid, avoided, net and unpriced each come from their own rows; other kinds are left out."""
    found = measured(
        [
            row("paid", 7, "0.007", 1, 10.5),
            row("avoided", 2, "0.001", 0, 3.0),
            row("avoided", 1, "0.002", 1, 1.5),
            row("x", 9, "9"),
        ],
        cache_usd=Decimal("0.01"),
    )
    assert (found.paid.calls, found.paid.usd, found.paid.unpriced) == (7, Decimal("0.007"), 1)
    assert (found.avoided.calls, found.avoided.usd, found.avoided.seconds) == (3, Decimal("0.003"), 4.5)
    assert found.net_usd == Decimal("-0.007")
    assert found.spared_ratio == 0.3
    assert found.unpriced == 2


def test_an_empty_ledger_has_no_hit_ratio() -> None:
    """No calls: zero dollars, and a ratio that is unknown rather than zero."""
    assert measured([]).spared_ratio is None
    assert measured([]).net_usd == 0


@given(
    st.lists(st.tuples(st.sampled_from(["paid", "avoided"]), st.integers(0, 10**6), st.decimals(0, 10**6, places=9)), max_size=40)
)
def test_splitting_the_rows_changes_nothing(rows: list[tuple[str, int, Decimal]]) -> None:
    """Sums over two halves of the ledger add up to the sums over all of it, exactly."""
    totals = [row(kind, calls, str(usd)) for kind, calls, usd in rows]
    whole, left, right = measured(totals), measured(totals[::2]), measured(totals[1::2])
    assert whole.avoided.usd == left.avoided.usd + right.avoided.usd
    assert whole.paid.usd == left.paid.usd + right.paid.usd
    assert whole.paid.calls == left.paid.calls + right.paid.calls
