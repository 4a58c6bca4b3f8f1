"""The ledger row of a call: paid for,
or made unnecessary by a cache hit and priced at the price of the day of the hit.
"""

from datetime import datetime
from decimal import Decimal

from ...calc.money import Priced
from ...model.correction import Tokens
from ...model.llm import LlmCall, LlmReply
from .price_table import priced

PAID = "paid"
AVOIDED = "avoided"
#: No call lasts longer, or costs more; a larger figure is not ours and must not reach a sum.
LONGEST_S = 3600.0
MOST_USD = 10_000
#: A reply without usage metadata was not free: nobody knows what it cost.
UNTOLD = Priced(None)


def tokens_of(reply: LlmReply) -> Tokens:
    """The reply's tokens.

    An SDK that reports more cached than prompt tokens is read as 'all of the prompt was cached'.
    """
    return Tokens(reply.prompt, min(reply.cached, reply.prompt), reply.output, reply.thoughts)


def paid(task: str, reply: LlmReply, duration_s: float, at: datetime) -> LlmCall:
    """A call that was made, priced at the model version that answered."""
    return _row(PAID, task, reply.model_version, tokens_of(reply), duration_s, at)


def avoided(call: LlmCall, at: datetime) -> LlmCall:
    """The recorded call, made unnecessary by a hit:
    its tokens at what they would cost now, its time, and what it cost then.
    """
    tokens = Tokens(call.prompt, call.cached, call.output, call.thoughts)
    return _row(AVOIDED, call.task, call.model, tokens, call.duration_s, at)._replace(then_usd=call.cost_usd)


def credible(call: LlmCall) -> bool:
    """Whether a row that lay where others can write is one that we may have written."""
    texts = all(isinstance(text, str) for text in (call.kind, call.task, call.model, call.price_date))
    cost = call.cost_usd is None or affordable(call.cost_usd)
    tokens = Tokens(call.prompt, call.cached, call.output, call.thoughts)
    return texts and cost and tokens.possible and lasted(call.duration_s)


def affordable(cost_usd: Decimal) -> bool:
    """Whether a call can have cost this much."""
    return cost_usd.is_finite() and 0 <= cost_usd <= MOST_USD


def lasted(duration_s: object) -> bool:
    """Whether a call can have taken this long."""
    return type(duration_s) in {int, float} and 0 <= duration_s <= LONGEST_S  # type: ignore[operator] # a number by now


def _row(kind: str, task: str, model: str, tokens: Tokens, duration_s: float, at: datetime) -> LlmCall:
    price = priced(model, tokens, at) if tokens.total else UNTOLD
    return LlmCall(
        kind=kind,
        task=task,
        model=model,
        prompt=tokens.prompt,
        cached=tokens.cached,
        output=tokens.output,
        thoughts=tokens.thoughts,
        cost_usd=price.cost_usd,
        price_date=price.price_date,
        duration_s=duration_s,
    )
