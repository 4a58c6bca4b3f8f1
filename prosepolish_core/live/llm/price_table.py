"""Prices as data: our own dated rows, which win, and everything else from genai-prices."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ...calc.money import Priced, PriceRow, cost_of, price_on
from ...model.correction import Tokens
from .models import names_of

#: Rows that go before genai-prices, for a contract price or a model it does not know yet: one line each, with its
#: source.
OVERRIDES: tuple[PriceRow, ...] = ()


def priced(model: str, tokens: Tokens, at: datetime) -> Priced:
    """What this call costs on the (UTC) day of `at`.

    `cost_usd` is None when no price is known: unpriced is never zero.
    """
    row = _row(model, at.astimezone(UTC).date(), tokens.prompt)
    return Priced(cost_of(tokens, row), row.date_text) if row else Priced(None)


@lru_cache(maxsize=4096)
def _row(model: str, day: date, prompt: int) -> PriceRow | None:
    found = (price_on(rows, day, prompt) for rows in tables_of(model))
    return next((row for row in found if row), None)


@lru_cache(maxsize=64)
def tables_of(model: str) -> tuple[tuple[PriceRow, ...], ...]:
    """Every table that knows a Gemini model by the name it answered with, the most binding first;
    empty when none does.
    """
    names = names_of(model)
    own = (tuple(row for row in OVERRIDES if row.model == name) for name in names)
    return tuple(table for table in (*own, *map(_published, names)) if table)


def load_prices() -> None:
    """Load the published prices now instead of under the first call that is priced."""
    import genai_prices.data_snapshot  # noqa: F401 - see below


def _published(name: str) -> tuple[PriceRow, ...]:
    from genai_prices.data_snapshot import get_snapshot  # a quarter of a second: not on anybody's import path
    from genai_prices.types import ModelPrice, StartDateConstraint

    snapshot = get_snapshot()
    try:
        _, info = snapshot.find_provider_model(name, None, "google", None)
    except LookupError:
        return ()
    if isinstance(info.prices, ModelPrice):
        return tuple(_steps(name, info.prices, None))
    rows: list[PriceRow] = []
    for conditional in info.prices:
        constraint = conditional.constraint
        if constraint is None or isinstance(constraint, StartDateConstraint):
            rows += _steps(name, conditional.prices, constraint.start_date if constraint else None)
    return tuple(rows)


def _steps(name: str, prices: Any, start: date | None) -> Iterator[PriceRow]:
    """One row for short prompts, one for each longer step.

    Reading from a cache costs the input price when it has none.
    """
    given = [prices.__dict__.get(f"{kind}_mtok") for kind in ("input", "cache_read", "output")]
    if given[0] is None or given[2] is None:
        return
    starts = {0} | {tier.start for price in given for tier in getattr(price, "tiers", ())}
    for over in sorted(starts):
        fresh, cached, output = (_at(price, over) for price in (given[0], given[1] or given[0], given[2]))
        yield PriceRow(name, fresh, cached, output, start, over, "genai-prices")


def _at(price: Any, over: int) -> Decimal:
    tiers = [tier.price for tier in getattr(price, "tiers", ()) if tier.start <= over]
    return Decimal(tiers[-1] if tiers else getattr(price, "base", price))
