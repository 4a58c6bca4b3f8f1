"""What a lookup keeps in Redis, and how an answer is made of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ...model.llm import LlmCall
from ...model.outcome import Outcome, Tier, TraceStep
from ..llm.ledger import credible
from .cut_entry import cut


class TierAnswer(NamedTuple):
    """How the tiers below Redis came to an answer: the deciding tier and outcome, every step, what it cost."""

    tier: Tier | None
    outcome: Outcome
    steps: tuple[TraceStep, ...]
    cost_usd: Decimal | None


#: Stored under a word: {"entry": {...} or null, "source": tier, "paid": {...}} ; told, never stored: {"unavailable":
#: word}.
Value = dict[str, Any]


def to_value(entry: Mapping[str, object] | None, source: str, paid: LlmCall | None) -> Value:
    """As it lies in Redis."""
    value: Value = {"entry": None if entry is None else cut(entry), "source": source}
    return _with_call(value, paid)


def unavailable(reason: str, paid: LlmCall | None = None) -> Value:
    """Told to who waits in other processes, so that a broken upstream is not asked once by each of them."""
    return _with_call({"unavailable": reason}, paid)


def _with_call(value: Value, paid: LlmCall | None) -> Value:
    if paid is not None:
        value["paid"] = paid.to_dict()
    return value


def is_value(found: object) -> bool:
    """Whether a stored value has the shape of ours:
    whoever may write to Redis must not be able to make a lookup raise.
    """
    if type(found) is not dict or "entry" not in found:
        return False
    return type(found["entry"]) is dict or (found["entry"] is None and type(found.get("source")) is str)


def paid_in(value: Value) -> LlmCall | None:
    """The ledger row of the call behind a value, when there was one and it can be read."""
    row = value.get("paid")
    call = LlmCall.from_dict(row) if isinstance(row, dict) else None
    return call if call is not None and credible(call) else None
