"""The ledger rows of calls: sent, paid, lost, or made unnecessary and priced at the price of the day of the hit."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import uuid4

from ...calc.money import Priced
from ...model.correction import NO_TOKENS, Tokens
from ...model.llm import CallState, LedgerLine, LlmCall, LlmFault, LlmReply, LlmRequest
from ...model.outcome import Outcome
from ...model.provenance import UNREAL, Provenance, acting
from .price_table import PriceTable

PAID = "paid"
AVOIDED = "avoided"
#: No call lasts longer, or costs more; a larger figure is not ours and must not reach a sum.
LONGEST_S = 3600.0
MOST_USD = 10_000
FREE = Decimal(0)
#: Words of faults after which the model may have answered all the same, and the answer may be billed. Everything else
#: is a refusal or an error status, and Google bills neither (Gemini API, "Billing": failed requests are not charged).
MAY_BE_BILLED = frozenset({"deadline", "disconnected", "malformed", "too_large", "encoding"})


class AskedBy(NamedTuple):
    """Whose doing a call is, and when it was wanted."""

    mark: str
    at: datetime


class Ledger:
    """Makes the rows of one process; those of calls on the wire it records too. Thread-safe."""

    def __init__(
        self,
        record: Callable[[LlmCall], None] = lambda _: None,
        prices: PriceTable | None = None,
        usual: Provenance = Provenance.LIVE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._record = record
        self._prices = prices or PriceTable()
        self._usual = usual
        self._now = now

    def sent(self, request: LlmRequest) -> str:
        """The call is about to leave: its row is durable when this returns; gives its id."""
        call_id = str(uuid4())
        row = LlmCall(PAID, request.task, request.model, *NO_TOKENS, None, "", 0.0)
        self._record(row._replace(call_id=call_id, state=CallState.SENT, provenance=acting(self._usual)))
        return call_id

    def lost(self, call_id: str, request: LlmRequest, fault: LlmFault, duration_s: float) -> None:
        """The call came to nothing that could be read."""
        state = CallState.UNKNOWN if fault.cost_usd is None else CallState.PRICED
        row = LlmCall(PAID, request.task, request.model, *NO_TOKENS, fault.cost_usd, "", duration_s)
        row = row._replace(call_id=call_id, state=state, line=LedgerLine.NOTHING, detail=fault.detail)
        self._record(row._replace(provenance=acting(self._usual)))

    def paid(self, task: str, reply: LlmReply, duration_s: float, why_unfit: str = "") -> LlmCall:
        """A call that was answered, priced at the model version that answered;
        `why_unfit` says why it was paid for nothing.
        """
        row = self._priced(PAID, task, reply.model_version, tokens_of(reply), duration_s, *self.asked_now())
        line = LedgerLine.NOTHING if why_unfit else LedgerLine.ANSWER
        return row._replace(call_id=reply.call_id, line=line, detail=why_unfit)

    def avoided(self, call: LlmCall, line: LedgerLine, *, also_postgres: bool = False, asked: "AskedBy | None" = None) -> LlmCall:
        """The recorded call, made unnecessary: its tokens at what they would cost now, its time, what it cost then.

        What a stand-in once answered is no real saving, whoever is spared asking for it.
        """
        asked = asked or self.asked_now()
        tokens = Tokens(call.prompt, call.cached, call.output, call.thoughts)
        mark = call.provenance if call.provenance in UNREAL else asked.mark
        row = self._priced(AVOIDED, call.task, call.model, tokens, call.duration_s, mark, asked.at)
        return row._replace(then_usd=call.cost_usd, line=line, of_call=call.call_id, also_postgres=also_postgres)

    def may_hold_out(self, spared: LlmCall) -> bool:
        """Whether calling all the same tells anything: a priced hit of the process's usual mark."""
        usual = self._usual
        return spared.cost_usd is not None and spared.provenance == usual and acting(usual) == usual

    def held_out(self, spared: LlmCall, reply: LlmReply, duration_s: float) -> LlmCall:
        """A hit that was called all the same: what it cost, beside what the ledger would have said it saves."""
        row = self.paid(spared.task, reply, duration_s)
        return row._replace(line=LedgerLine.HOLD_OUT, of_call=spared.of_call, then_usd=spared.cost_usd)

    def asked_now(self) -> "AskedBy":
        """Whose doing a call made now is, and when; for rows that are made later."""
        return AskedBy(acting(self._usual), self._now())

    def _priced(self, kind: str, task: str, model: str, tokens: Tokens, duration_s: float, mark: str, at: datetime) -> LlmCall:
        """A reply without usage metadata was not free: nobody knows what it cost."""
        price = self._prices.priced(model, tokens, at) if tokens.total else Priced(None)
        known = CallState.PRICED if price.cost_usd is not None else CallState.UNPRICED
        return LlmCall(
            kind,
            task,
            model,
            *tokens,
            price.cost_usd,
            price.price_date,
            duration_s,
            state=known if tokens.total else CallState.UNKNOWN,
            provenance=mark,
            price_source=price.source,
            discount_usd=price.discount_usd,
        )


def cost_of_fault(outcome: Outcome, detail: str) -> Decimal | None:
    """What a call cost that gave no reply: nothing, or nobody knows."""
    return None if detail in MAY_BE_BILLED and outcome is not Outcome.REFUSED else FREE


def tokens_of(reply: LlmReply) -> Tokens:
    """The reply's tokens.

    An SDK that reports more cached than prompt tokens is read as 'all of the prompt was cached'.
    """
    return Tokens(reply.prompt, min(reply.cached, reply.prompt), reply.output, reply.thoughts)


def credible(call: LlmCall) -> bool:
    """Whether a row that lay where others can write is one that we may have written."""
    named = (call.kind, call.task, call.model, call.price_date, call.call_id, call.provenance)
    texts = all(isinstance(text, str) for text in named)
    cost = call.cost_usd is None or affordable(call.cost_usd)
    tokens = Tokens(call.prompt, call.cached, call.output, call.thoughts)
    return texts and cost and tokens.possible and lasted(call.duration_s)


def affordable(cost_usd: Decimal) -> bool:
    """Whether a call can have cost this much."""
    return cost_usd.is_finite() and 0 <= cost_usd <= MOST_USD


def lasted(duration_s: object) -> bool:
    """Whether a call can have taken this long."""
    return type(duration_s) in {int, float} and 0 <= duration_s <= LONGEST_S  # type: ignore[operator] # a number by now
