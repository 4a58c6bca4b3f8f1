"""Prices as data."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import genai_prices
import pytest
from genai_prices import Usage
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.money import PriceRow
from prosepolish_core.live.llm import price_table
from prosepolish_core.live.llm.price_table import priced
from prosepolish_core.model.correction import Tokens

AUTUMN = datetime(2026, 11, 23, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
CALL = Tokens(450, 0, 150, 0)
MODELS = ["gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-2.5-pro", "gemini-3.1-flash-lite",
          "gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-3.8-flash", "gemini-3.1-pro-preview", "gemini-2.0-flash"]  # fmt: skip


def forget() -> None:
    """Look every price up anew."""
    price_table.tables_of.cache_clear()
    price_table._row.cache_clear()


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("gemini-2.5-flash-lite", "0.000105"),
        ("gemini-2.5-flash", "0.00051"),
        ("gemini-3.5-flash-lite", "0.00051"),
        ("gemini-3.8-flash", "0.0009"),
    ],
)
def test_a_usual_correction_costs_what_the_price_list_says(model: str, usd: str) -> None:
    """450 tokens in, 150 out, in the autumn of 2026."""
    assert priced(model, CALL, AUTUMN).cost_usd == Decimal(usd)


def test_an_announced_price_counts_from_its_day() -> None:
    """gemini-3.8-flash doubles with the year 2027, and the row says since when it is valid."""
    assert priced("gemini-3.8-flash", CALL, NEW_YEAR)[:2] == (Decimal("0.0018"), "2027-01-01")
    assert priced("gemini-3.8-flash", CALL, AUTUMN)[:2] == (Decimal("0.0009"), "")


def test_the_day_is_that_of_utc() -> None:
    """An hour before New Year in UTC the old price counts, wherever the clock stands."""
    tokyo = timezone(timedelta(hours=9))
    assert priced("gemini-3.8-flash", CALL, datetime(2027, 1, 1, 8, 0, tzinfo=tokyo)).cost_usd == Decimal("0.0009")
    assert priced("gemini-3.8-flash", CALL, datetime(2027, 1, 1, 9, 0, tzinfo=tokyo)).cost_usd == Decimal("0.0018")


def test_an_unknown_model_is_unpriced_never_zero() -> None:
    """None, not 0."""
    assert priced("gemini-99-ultra", CALL, AUTUMN) == (None, "", "", None)
    assert priced("", CALL, AUTUMN).cost_usd is None


@pytest.mark.parametrize("name", ["models/gemini-2.5-flash", "Gemini-2.5-Flash", "gemini-2.5-flash-001"])
def test_a_model_is_known_by_its_other_names(name: str) -> None:
    """With its resource prefix, in capitals, and as a pinned revision."""
    assert priced(name, CALL, AUTUMN).cost_usd == Decimal("0.00051")


@given(
    st.sampled_from(MODELS),
    st.integers(0, 400_000),
    st.integers(0, 100),
    st.integers(0, 60_000),
    st.integers(0, 60_000),
    st.sampled_from([AUTUMN, NEW_YEAR]),
)
def test_our_arithmetic_agrees_with_genai_prices(
    model: str, prompt: int, share: int, output: int, thoughts: int, at: datetime
) -> None:
    """For every model, day, prompt length, cached share and thinking: the same amount to the last digit."""
    tokens = Tokens(prompt, prompt * share // 100, output, thoughts)
    usage = Usage(input_tokens=prompt, cache_read_tokens=tokens.cached, output_tokens=output + thoughts)
    theirs = genai_prices.calc_price(usage, model, provider_id="google", genai_request_timestamp=at)
    assert priced(model, tokens, at).cost_usd == theirs.total_price


def test_an_own_row_goes_before_the_published_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contract price replaces the published prices of that model from its day on, and of no other model."""
    own = PriceRow("gemini-2.5-flash", Decimal(1), Decimal(1), Decimal(1), date(2026, 1, 1), source="contract")
    monkeypatch.setattr(price_table, "OVERRIDES", (own,))
    forget()
    try:
        assert priced("gemini-2.5-flash", CALL, AUTUMN)[:2] == (Decimal("0.0006"), "2026-01-01")
        assert priced("gemini-2.5-flash-001", CALL, AUTUMN).cost_usd == Decimal("0.0006")
        assert priced("gemini-2.5-flash-lite", CALL, AUTUMN).cost_usd == Decimal("0.000105")
        assert priced("gemini-2.5-flash", CALL, datetime(2025, 12, 31, tzinfo=UTC)).cost_usd == Decimal("0.00051")
    finally:
        forget()


def test_every_own_row_names_its_source() -> None:
    """A price without a source cannot be checked."""
    assert [row for row in price_table.OVERRIDES if not row.source] == []


def test_prices_do_not_come_from_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pricing works with no network at all."""

    def no_network(*_: Any, **__: Any) -> None:
        raise AssertionError("pricing asked the network")

    monkeypatch.setattr("socket.getaddrinfo", no_network)
    forget()
    assert priced("gemini-2.5-flash", CALL, AUTUMN).cost_usd == Decimal("0.00051")
