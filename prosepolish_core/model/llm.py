"""One call of an LLM: the request, the reply or the fault, and the ledger row that says what it cost."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Self

from .outcome import Outcome


class LlmRequest(NamedTuple):
    """One call of a model. `text` is data and never joined into `instructions`."""

    instructions: str
    text: str
    model: str
    temperature: float
    max_output_tokens: int
    json_schema: Mapping[str, object] | None = None


class LlmReply(NamedTuple):
    """What the model said.

    `finish` is `stop`, `length`, `safety`, `recitation`, `empty` or `other`; tokens as billed.
    """

    text: str
    finish: str
    model_version: str
    prompt: int
    cached: int
    output: int
    thoughts: int


class LlmFault(NamedTuple):
    """Why there is no reply: REFUSED (429, key refused), TIMEOUT or ERROR, with a short machine word."""

    outcome: Outcome
    detail: str
    retry_after_s: float | None = None


class LlmCall(NamedTuple):
    """One ledger row: a paid call (`paid`) or one a cache hit made unnecessary (`avoided`).

    Token counts as billed: `prompt` includes `cached`; `thoughts` are billed as output. `cost_usd` is None when the
    model has no known price (unpriced is never zero). `price_date` is the date from which the price row is valid. An
    avoided call is priced on the day of the hit; `then_usd` is what it cost on the day it was paid, None when nobody
    knows.
    """

    kind: str
    task: str
    model: str
    prompt: int
    cached: int
    output: int
    thoughts: int
    cost_usd: Decimal | None
    price_date: str
    duration_s: float
    then_usd: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """The plain dictionary that `from_dict` reads back: money as text, so that JSON keeps every digit."""
        plain = self._asdict()
        for name in _MONEY:
            plain[name] = None if plain[name] is None else str(plain[name])
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self | None:
        """The row as it was written; None when it is not one, or another version wrote it otherwise."""
        try:
            return cls(**{**plain, **{name: None if plain[name] is None else Decimal(plain[name]) for name in _MONEY}})
        except (ArithmeticError, KeyError, TypeError, ValueError):
            return None


_MONEY = ("cost_usd", "then_usd")
#: The counts of tokens of a call, of a ledger row, of a sum of rows.
TOKENS = ("prompt", "cached", "output", "thoughts")


def added(rows: Iterable[Any], *names: str) -> dict[str, Any]:
    """These fields and those of tokens, each added over the rows; a sum with an unknown part (None) is unknown."""
    found: dict[str, Any] = {}
    for row in rows:
        for name in (*TOKENS, *names):
            one, two = found.get(name, 0), getattr(row, name)
            found[name] = None if one is None or two is None else one + two
    return found
