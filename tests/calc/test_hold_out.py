"""Hold-out: what a few hits really cost says how far the ledger's estimate holds."""

import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from prosepolish_core.calc.hold_out import FEWEST_PAIRS, HeldOut, HoldOutRate, pairs_of, rate_of
from prosepolish_core.model.counts import LedgerRow
from prosepolish_core.model.llm import LedgerLine, LlmCall

CALL = LlmCall("paid", "correct", "m", 10, 0, 5, 0, Decimal("0.0011"), "", 1.0, Decimal("0.0010"))


def test_fewer_than_thirty_pairs_give_no_rate() -> None:
    """Only how many there are."""
    assert rate_of([HeldOut(Decimal(1), Decimal(1))] * (FEWEST_PAIRS - 1)) == HoldOutRate(FEWEST_PAIRS - 1)
    assert rate_of([HeldOut(Decimal(0), Decimal(0))] * FEWEST_PAIRS).rate is None


def test_when_every_call_costs_what_was_estimated_the_rate_is_one() -> None:
    """And nothing is left open."""
    found = rate_of(HeldOut(Decimal(n), Decimal(n)) for n in range(1, 60))
    assert (found.rate, found.low, found.high) == (1.0, 1.0, 1.0)


def test_the_interval_holds_the_rate_and_narrows_with_more_pairs() -> None:
    """Four times as many pairs, about half the width."""
    drawn = random.Random(1)

    def pairs(count: int) -> list[HeldOut]:
        costs = [drawn.lognormvariate(0, 0.5) for _ in range(count)]
        return [HeldOut(Decimal(str(cost)), Decimal(str(cost * drawn.uniform(0.8, 1.4)))) for cost in costs]

    few, many = rate_of(pairs(400)), rate_of(pairs(1600))
    widths = [found.high - found.low for found in (few, many) if found.high is not None and found.low is not None]
    assert few.rate == pytest.approx(1.1, rel=0.05)
    assert widths[1] == pytest.approx(widths[0] / 2, rel=0.2)


def test_pairs_are_the_held_out_rows_with_both_sides_known() -> None:
    """Other lines, and calls of unknown cost, are none."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    held = CALL._replace(line=LedgerLine.HOLD_OUT)
    rows = [LedgerRow(at, call) for call in (CALL, held, held._replace(cost_usd=None), held._replace(then_usd=None))]
    assert pairs_of(rows) == [HeldOut(Decimal("0.0010"), Decimal("0.0011"))]
