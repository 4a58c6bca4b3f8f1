"""Prices as data: our own dated rows, which win, and everything else from genai-prices."""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...calc.money import Priced, PriceRow, cost_of, discount_of, price_on
from ...errors import ConfigError
from ...model.correction import Tokens
from .models import names_of

Rows = tuple[PriceRow, ...]
#: Most published prices have no first day; the day on which somebody compared them is then what dates them.
_CHECKED = re.compile(r"(?:checked|verified)[^.;()]*?(\d{4}-\d\d-\d\d)")
#: Rows that go before genai-prices: one line each, with its source. A file of one's own goes before them.
OVERRIDES: Rows = ()


class PriceTable:
    """What calls cost; `own` rows go before all others."""

    def __init__(self, own: Rows = ()) -> None:
        self._own = own

    @classmethod
    def from_file(cls, path: Path | None) -> "PriceTable":
        """With the rows of a TOML file (`[[price]]`). Raises ConfigError."""
        return cls(() if path is None else read_rows(path))

    def priced(self, model: str, tokens: Tokens, at: datetime) -> Priced:
        """What this call costs on the (UTC) day of `at`."""
        return priced(model, tokens, at, self._own)


def priced(model: str, tokens: Tokens, at: datetime, own: Rows = ()) -> Priced:
    """What this call costs on the (UTC) day of `at`.

    `cost_usd` is None when no price is known: unpriced is never zero.
    """
    row = _row(model, at.astimezone(UTC).date(), tokens.prompt, own)
    if row is None:
        return Priced(None)
    return Priced(cost_of(tokens, row), row.date_text, row.source, discount_of(tokens, row))


@lru_cache(maxsize=4096)
def _row(model: str, day: date, prompt: int, own: Rows) -> PriceRow | None:
    found = (price_on(rows, day, prompt) for rows in tables_of(model, own))
    return next((row for row in found if row), None)


@lru_cache(maxsize=64)
def tables_of(model: str, own: Rows = ()) -> tuple[Rows, ...]:
    """Every table that knows a Gemini model by the name it answered with, the most binding first;
    empty when none does.
    """
    names = names_of(model)
    ours = (tuple(row for row in rows if row.model == name) for rows in (own, OVERRIDES) for name in names)
    return tuple(table for table in (*ours, *map(_published, names)) if table)


def read_rows(path: Path) -> Rows:
    """The rows of a TOML file: model, source, input, output, and if need be cached, valid_from, over_prompt.

    Prices are text, in US dollars per million tokens. Raises ConfigError.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("price", [])
        return tuple(_one(row) for row in rows)
    except OSError as error:
        raise ConfigError(f"PROSEPOLISH_PRICES cannot be read: {error.strerror}") from None
    except (ValueError, ArithmeticError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(
            f"PROSEPOLISH_PRICES is not usable ({error}); each [[price]] needs model, source, input and output, prices as text"
        ) from None


def _one(row: dict[str, Any]) -> PriceRow:
    given = {name: Decimal(str(row[name])) for name in ("input", "cached", "output") if name in row}
    if any(not price.is_finite() or price < 0 for price in given.values()):
        raise ValueError("a price is not negative")
    start = row.get("valid_from")
    day = start if start is None or type(start) is date else date.fromisoformat(str(start))
    cached = given.get("cached", given["input"])
    over = int(row.get("over_prompt", 0))
    return PriceRow(names_of(str(row["model"]))[0], given["input"], cached, given["output"], day, over, str(row["source"])[:100])


def load_prices() -> None:
    """Load the published prices now instead of under the first call that is priced."""
    import genai_prices.data_snapshot  # noqa: F401 - see below


def _published(name: str) -> tuple[PriceRow, ...]:
    from genai_prices.data_snapshot import get_snapshot  # a quarter of a second: not on anybody's import path
    from genai_prices.types import ModelPrice, StartDateConstraint

    try:
        _, info = get_snapshot().find_provider_model(name, None, "google", None)
    except LookupError:
        return ()
    source = ", checked ".join(filter(None, (f"genai-prices {version('genai-prices')}", _checked(info.price_comments or ""))))
    if isinstance(info.prices, ModelPrice):
        return tuple(_steps(name, info.prices, None, source))
    rows: list[PriceRow] = []
    for conditional in info.prices:
        constraint = conditional.constraint
        if constraint is None or isinstance(constraint, StartDateConstraint):
            rows += _steps(name, conditional.prices, constraint.start_date if constraint else None, source)
    return tuple(rows)


def _checked(comments: str) -> str:
    """The newest day on which its authors looked at the provider's page, as they say; empty where they do not."""
    return max(_CHECKED.findall(comments), default="")


def _steps(name: str, prices: Any, start: date | None, source: str) -> Iterator[PriceRow]:
    """One row for short prompts, one for each longer step.

    Reading from a cache costs the input price when it has none.
    """
    given = [prices.__dict__.get(f"{kind}_mtok") for kind in ("input", "cache_read", "output")]
    if given[0] is None or given[2] is None:
        return
    starts = {0} | {tier.start for price in given for tier in getattr(price, "tiers", ())}
    for over in sorted(starts):
        fresh, cached, output = (_at(price, over) for price in (given[0], given[1] or given[0], given[2]))
        yield PriceRow(name, fresh, cached, output, start, over, source)


def _at(price: Any, over: int) -> Decimal:
    tiers = [tier.price for tier in getattr(price, "tiers", ()) if tier.start <= over]
    return Decimal(tiers[-1] if tiers else getattr(price, "base", price))
