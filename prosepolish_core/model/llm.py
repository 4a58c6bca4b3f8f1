"""One call of an LLM: the request, the reply or the fault, and the ledger row that says what it cost."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

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
