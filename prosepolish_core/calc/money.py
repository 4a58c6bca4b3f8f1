"""The price of a call: tokens as billed times a dated price row. Decimal only; unknown is None, never zero."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ..model.correction import Tokens

MILLION = Decimal(1_000_000)


class PriceRow(NamedTuple):
    """USD per million tokens of one model from one day on. `valid_from` is None when no start is known.

    `over_prompt` makes a row count only for calls with a longer prompt than that (Gemini prices long prompts higher,
    for all tokens of the call).
    """

    model: str
    input: Decimal
    cached: Decimal
    output: Decimal
    valid_from: date | None = None
    over_prompt: int = 0
    source: str = ""

    @property
    def date_text(self) -> str:
        """The first day as text, empty when unknown."""
        return self.valid_from.isoformat() if self.valid_from else ""


def price_on(rows: Iterable[PriceRow], day: date, prompt: int) -> PriceRow | None:
    """The row that counts on `day` for a prompt of this length: the newest that has begun, then its highest step."""
    begun = [row for row in rows if (row.valid_from or date.min) <= day]
    newest = max((row.valid_from or date.min for row in begun), default=None)
    steps = [row for row in begun if (row.valid_from or date.min) == newest and (not row.over_prompt or prompt > row.over_prompt)]
    return max(steps, key=lambda row: row.over_prompt, default=None)


def cost_of(tokens: Tokens, row: PriceRow) -> Decimal:
    """(prompt - cached) x input + cached x cached price + (output + thoughts) x output, exactly."""
    if min(tokens) < 0 or tokens.cached > tokens.prompt:
        raise ValueError("token counts must not be negative, and cached tokens are part of the prompt")
    fresh = (tokens.prompt - tokens.cached) * row.input
    return (fresh + tokens.cached * row.cached + (tokens.output + tokens.thoughts) * row.output) / MILLION


def discount_of(tokens: Tokens, row: PriceRow) -> Decimal:
    """What the model's own prompt caching takes off: cached tokens at the full price less what they cost."""
    return tokens.cached * (row.input - row.cached) / MILLION


class Priced(NamedTuple):
    """What a call costs by the row that counted, and who says so. `cost_usd` is None when no row is known."""

    cost_usd: Decimal | None
    price_date: str = ""
    source: str = ""
    discount_usd: Decimal | None = None
