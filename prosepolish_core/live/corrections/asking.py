"""Asking the LLM for one correction:
what is paid for is recorded, what is fit to use is kept, everything has a type.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from ...calc.breaker import Breaker, BreakerPolicy
from ...calc.outage import tell
from ...model.llm import LedgerLine, LlmCall, LlmFault, LlmReply, LlmRequest
from ...model.outcome import Outcome
from ...ports import LlmBackend, Recorder
from ..cache import Loaded
from ..llm.answers import BadAnswer
from ..llm.ledger import Ledger, tokens_of
from ..llm.prompts import CORRECT
from ..llm.unfit import UNFIT_S, UnfitLately
from .guard import corrected_text
from .record import CorrectionRecord, origin_of

#: How long the LLM may take. Longer than a caller waits: a late answer is paid for anyway, and is kept for the next
#: caller.
LLM_S = 20.0
#: Its own, apart from the one of definitions: those give up sooner, and their time-outs say little about ours.
BREAKER = BreakerPolicy(failures=5)


class Asked(NamedTuple):
    """What only the caller who was elected to ask hears: when the call began, how long it took, what it cost."""

    began: float
    duration_s: float
    cost_usd: Decimal | None = Decimal(0)


class Asking:
    """The loader behind the cache."""

    def __init__(
        self,
        backend: LlmBackend | None,
        recorder: Recorder,
        clock: Callable[[], float],
        ledger: Ledger,
        keeps: Callable[[], bool],
    ) -> None:
        self._backend = backend
        self._recorder = recorder
        self._clock = clock
        self._ledger = ledger
        self._keeps = keeps
        self._unfit = UnfitLately(clock_s=clock)
        self.breaker = Breaker(BREAKER)

    def ask(self, text: str, request: LlmRequest, name: str) -> Loaded:
        """One call.

        A correction is kept, an unfit answer that was paid for is kept briefly; a fault is only told to who waits.
        """
        began = self._clock()
        if not self._keeps() and (unfit := self._unfit.why(name)):  # Redis, which keeps it for all processes, does not
            if unfit.call is not None:
                self._recorder.llm(self._ledger.avoided(unfit.call, LedgerLine.REMEMBERED))
            return _fault(Outcome.ERROR, unfit.reason, Asked(began, 0.0))
        if self._backend is None:
            return _fault(Outcome.REFUSED, "no_backend", Asked(began, 0.0))
        if not self.breaker.allow(began):
            return _fault(Outcome.ERROR, "breaker_open", Asked(began, 0.0))
        reply = self._backend.generate(request, LLM_S)
        ended = self._clock()
        duration_s = ended - began
        if isinstance(reply, LlmFault):
            tell(self.breaker, reply.outcome, reply.detail, ended, duration_s, reply.retry_after_s)
            return _fault(reply.outcome, reply.detail, Asked(began, duration_s, reply.cost_usd))
        self.breaker.success(ended, duration_s)
        return self._read(text, reply, name, began, duration_s)

    def ask_again(self, request: LlmRequest, spared: LlmCall) -> None:
        """A hit that is called all the same, to measure what hits save. Where no call leaves, it spared one."""
        began = self._clock()
        if self._backend is None or not self.breaker.allow(began):
            self._recorder.llm(spared)
            return
        reply = self._backend.generate(request, LLM_S)
        ended = self._clock()
        duration_s = ended - began
        if isinstance(reply, LlmFault):
            tell(self.breaker, reply.outcome, reply.detail, ended, duration_s, reply.retry_after_s)
            if reply.cost_usd is not None:  # it did not leave, or was refused: nothing was paid
                self._recorder.llm(spared)
            return
        self.breaker.success(ended, duration_s)
        self._recorder.llm(self._ledger.held_out(spared, reply, duration_s))

    def _read(self, text: str, reply: LlmReply, name: str, began: float, duration_s: float) -> Loaded:
        why = ""
        try:
            better: str | None = corrected_text(text, reply)
        except BadAnswer as bad:
            better, why = None, str(bad)
        call = self._ledger.paid(CORRECT.task, reply, duration_s, why)
        self._recorder.llm(call)
        outcome = Outcome.ERROR if why else Outcome.HIT
        record = CorrectionRecord(better, call.model, tokens_of(reply), duration_s, outcome, why, call.cost_usd, *origin_of(call))
        asked = Asked(began, duration_s, call.cost_usd)
        if better is not None:
            return Loaded(record.to_dict(), extra=asked)
        self._recorder.event("llm_answer_unfit")
        if billed := bool(record.tokens.total):  # without a bill it is no answer of the model, and the next may be one
            self._unfit.remember(why, call, name)
        return Loaded(record.to_dict(), keep=billed, ttl_s=UNFIT_S, extra=asked)


def _fault(outcome: Outcome, detail: str, asked: Asked) -> Loaded:
    return Loaded(CorrectionRecord(None, outcome=outcome, detail=detail).to_dict(), keep=False, extra=asked)
