"""The price of a call."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.money import PriceRow, cost_of, price_on
from prosepolish_core.model.correction import Tokens

FLASH = PriceRow("m", Decimal("0.30"), Decimal("0.03"), Decimal("2.50"))
counts = st.integers(0, 10**7)
calls = st.builds(lambda prompt, share, output, thoughts: Tokens(prompt, prompt * share // 100, output, thoughts),
                  counts, st.integers(0, 100), counts, counts)  # fmt: skip


def test_thinking_is_billed_as_output() -> None:
    """450 tokens in and 150 out cost $0.00051; 500 thinking tokens make it $0.00176."""
    assert cost_of(Tokens(450, 0, 150, 0), FLASH) == Decimal("0.00051")
    assert cost_of(Tokens(450, 0, 150, 500), FLASH) == Decimal("0.00176")


def test_cached_tokens_are_inside_the_prompt_and_counted_once() -> None:
    """A prompt of 1,000 of which 400 were cached pays 600 at the full price and 400 at the cached one."""
    assert cost_of(Tokens(1000, 400, 0, 0), FLASH) == (600 * FLASH.input + 400 * FLASH.cached) / 1_000_000


@given(st.lists(calls, max_size=20))
def test_the_sum_of_parts_is_the_total(several: list[Tokens]) -> None:
    """Adding calls' costs equals the cost of the added calls, to the last digit."""
    added = Tokens(*(sum(column) for column in zip(*several, strict=True))) if several else Tokens()
    assert sum((cost_of(call, FLASH) for call in several), Decimal(0)) == cost_of(added, FLASH)


@given(calls)
def test_a_cached_token_never_costs_more(call: Tokens) -> None:
    """Caching a part of the prompt makes a call cheaper or leaves its price."""
    assert cost_of(call, FLASH) <= cost_of(call._replace(cached=0), FLASH)


@pytest.mark.parametrize("tokens", [Tokens(-1), Tokens(1, 2), Tokens(output=-1), Tokens(thoughts=-5)])
def test_impossible_counts_are_refused(tokens: Tokens) -> None:
    """Negative counts and more cached than prompt tokens have no price."""
    with pytest.raises(ValueError, match="token counts"):
        cost_of(tokens, FLASH)


def test_the_row_of_the_day_counts() -> None:
    """A price holds from its first day until the day before the next one."""
    later = FLASH._replace(input=Decimal(9), valid_from=date(2027, 1, 1))
    rows = (later, FLASH)
    assert price_on(rows, date(2026, 12, 31), 10) == FLASH
    assert price_on(rows, date(2027, 1, 1), 10) == later
    assert price_on((later,), date(2026, 12, 31), 10) is None
    assert price_on((), date(2027, 1, 1), 10) is None


def test_a_long_prompt_pays_the_higher_step_for_all_tokens() -> None:
    """The step begins with the first token over it."""
    step = FLASH._replace(input=Decimal("2.5"), over_prompt=200_000)
    assert price_on((FLASH, step), date.min, 200_000) == FLASH
    assert price_on((FLASH, step), date.min, 200_001) == step


@given(st.lists(st.integers(0, 4000), unique=True, min_size=1), st.integers(-100, 5000))
def test_the_newest_row_that_has_begun_is_taken(starts: list[int], asked: int) -> None:
    """Whatever the order of the table, the row is the newest one not in the future, or none."""
    first = date(2020, 1, 1)
    day = first + timedelta(days=asked)
    rows = [FLASH._replace(valid_from=first + timedelta(days=start)) for start in starts]
    found = price_on(rows, day, 1)
    begun = [start for start in starts if start <= asked]
    assert (found.valid_from if found else None) == (first + timedelta(days=max(begun)) if begun else None)
