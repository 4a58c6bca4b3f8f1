"""One call of an LLM: the request, the reply or the fault, and the ledger row that says what it cost."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, Self

from .outcome import Outcome
from .provenance import Provenance


class LlmRequest(NamedTuple):
    """One call of a model. `text` is data and never joined into `instructions`."""

    instructions: str
    text: str
    model: str
    temperature: float
    max_output_tokens: int
    json_schema: Mapping[str, object] | None = None
    task: str = ""


class LlmReply(NamedTuple):
    """What the model said.

    `finish` is `stop`, `length`, `safety`, `recitation`, `empty` or `other`; tokens as billed. `call_id` is that of its
    ledger row, empty where none was begun.
    """

    text: str
    finish: str
    model_version: str
    prompt: int
    cached: int
    output: int
    thoughts: int
    call_id: str = ""


class LlmFault(NamedTuple):
    """Why there is no reply: REFUSED (429, key refused), TIMEOUT or ERROR, with a short machine word.

    `cost_usd` is None where the call had left and nobody knows whether it is billed.
    """

    outcome: Outcome
    detail: str
    retry_after_s: float | None = None
    cost_usd: Decimal | None = Decimal(0)


class CallState(StrEnum):
    """How far a ledger row has come."""

    SENT = "sent"  # the call left; no reply yet
    PRICED = "priced"
    UNPRICED = "unpriced"  # its tokens are known, a price is not
    UNKNOWN = "unknown"  # it left, and nobody knows what it cost


class LedgerLine(StrEnum):
    """What became of a call that was paid, or what spared one. Every row stands in one line; the lines add up."""

    ANSWER = "answer"  # paid, and of use
    NOTHING = "nothing"  # paid for nothing: unfit, cut off, refused, timed out
    HOLD_OUT = "hold-out"  # paid although a hit was at hand, to measure what hits save
    REDIS = "redis"  # spared: the answer lay in Redis
    POSTGRES = "postgres"  # spared: the answer lay in PostgreSQL
    REMEMBERED = "remembered"  # spared: that there is no answer was remembered
    COALESCED = "coalesced"  # spared: another caller's call was waited for


class LlmCall(NamedTuple):
    """One ledger row: a paid call (`paid`) or one that the caches made unnecessary (`avoided`).

    Token counts as billed: `prompt` includes `cached`; `thoughts` are billed as output. `cost_usd` is None when the
    model has no known price (unpriced is never zero). `price_date` is the date from which the price row is valid,
    `price_source` who says so. An avoided call is priced on the day of the hit; `then_usd` is what it cost on the day
    it was paid, None when nobody knows; `of_call` is that call's id. Of a hit that was called all the same, `then_usd`
    is what the ledger would have said it saves. `discount_usd` is what the model's own prompt caching took off: no
    saving of ours. `also_postgres` says that PostgreSQL would have spared the call without Redis.
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
    call_id: str = ""
    state: str = CallState.PRICED
    line: str = LedgerLine.ANSWER
    provenance: str = Provenance.LIVE
    price_source: str = ""
    discount_usd: Decimal | None = None
    detail: str = ""
    of_call: str = ""
    also_postgres: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The plain dictionary that `from_dict` reads back: money as text, so that JSON keeps every digit.

        What has its usual value is left out: the row lies beside each answer in Redis.
        """
        plain = {name: value for name, value in self._asdict().items() if name not in _USUAL or value != _USUAL[name]}
        for name in _MONEY & plain.keys():
            plain[name] = None if plain[name] is None else str(plain[name])
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self | None:
        """The row as it was written; None when it is not one, or another version wrote it otherwise."""
        try:
            money = {name: Decimal(plain[name]) for name in _MONEY if plain.get(name) is not None}
            return cls(**{**plain, **money})
        except (ArithmeticError, KeyError, TypeError, ValueError, AttributeError):
            return None


_MONEY = frozenset({"cost_usd", "then_usd", "discount_usd"})
_USUAL = LlmCall._field_defaults
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
