"""Corrections: the LLM behind its cache.

Always gives a text fit to show, the original one when nobody could correct it.
"""

from decimal import Decimal

from ...model.access import source_of
from ...model.correction import Correction
from ...model.keys import key
from ...model.llm import LedgerLine, LlmCall
from ...model.outcome import Family, Outcome, Tier, Trace, TraceStep
from ...ports import LlmBackend
from ..cache import Cached, FamilyCache, NoLoad
from ..cache.results import Loader
from ..llm.ledger import Ledger
from ..llm.prompts import CORRECT, RequestKeys
from .asking import Asked, Asking
from .record import CorrectionRecord
from .text import checked_text

#: How long a caller waits in all.
DEADLINE_S = 8.0
FREE = Decimal(0)


class Corrector:
    """`core.corrector`. Thread-safe. Raises InvalidText for a text we refuse, and nothing else."""

    def __init__(
        self,
        cache: FamilyCache,
        backend: LlmBackend | None,
        model: str,
        ledger: Ledger | None = None,
        deadline_s: float = DEADLINE_S,
        hold_out: float = 0.0,
    ) -> None:
        """`hold_out` is the share of hits that are called all the same, beside the caller, who does not wait."""
        self._cache = cache
        self._recorder = cache.recorder
        self._clock = cache.link.runtime.now
        self._ledger = ledger or Ledger(cache.recorder.llm)
        self._asking = Asking(backend, cache.recorder, self._clock, self._ledger, cache.link.guard.writable)
        self._model = model
        self._keys = RequestKeys(CORRECT.task, CORRECT.version, CORRECT.request(model, ""))
        self._deadline_s = deadline_s
        self._hold_out = hold_out

    def correct(self, text: str, user_id: str | None = None) -> Correction:  # noqa: ARG002 - the answer depends on the text alone
        """Correct one text (at most 5,000 characters).

        Answers are shared: who asked is neither kept nor part of the key.
        """
        text = checked_text(text)
        request = CORRECT.request(self._model, text)
        name = key(Family.LLM, CORRECT.task, self._keys.key(request))
        began = self._clock()
        try:
            cached, record = self._read(name, lambda _: self._asking.ask(text, request, name), began)
        except NoLoad as none:
            step = TraceStep(Tier.GEMINI, none.outcome, 0.0, self._clock() - began, (), none.detail)
            answer = Correction(text, False, None, none.outcome, trace=(step,), detail=none.detail)
        else:
            answer = self._answer(text, cached, record, began)
            cost = answer.cost_usd if answer.avoided_usd is None else answer.avoided_usd
            self._recorder.access(Family.LLM, name, cached.size_bytes, source_of(answer.trace[-1]), cost)
            if cost and answer.avoided_usd is None:
                self._recorder.paid_text(text, cost)
        self._recorder.record(Family.LLM, answer.trace)
        return answer

    def _read(self, name: str, loader: Loader, began: float) -> tuple[Cached, CorrectionRecord]:
        """The cached or loaded answer. Raises NoLoad."""
        cached = self._cache.read(name, loader, began, self._deadline_s)
        record = CorrectionRecord.from_dict(cached.value) if cached.shared else CorrectionRecord.read(cached.value)
        if record is None:  # told by another process, and never stored
            raise NoLoad(Outcome.ERROR, "unreadable_value")
        return cached, record

    def _answer(self, text: str, cached: Cached, record: CorrectionRecord, began: float) -> Correction:
        """What the record means for this caller: found, made for it, or made for somebody else at the same moment."""
        asked: Asked | None = None if cached.shared else cached.extra
        trace = _found(cached, record) if asked is None else _trace(cached, asked, record, began)
        cost = asked.cost_usd if asked else FREE
        call = self._avoided(cached, record, text)
        if record.text is None:
            if trace[-1].outcome is Outcome.NEGATIVE_HIT:
                self._recorder.event("llm_verdict_remembered")
            return Correction(
                text, False, None, record.outcome, record.tokens, cost, trace, record.detail, record.model, None, cached.degraded
            )
        return Correction(
            text=record.text,
            changed=record.text != text,
            tier=trace[-1].tier,
            outcome=Outcome.COALESCED if cached.outcome is Outcome.COALESCED else Outcome.HIT,
            tokens=record.tokens,
            cost_usd=cost,
            trace=trace,
            model=record.model,
            avoided_usd=call.cost_usd if call else None,
            degraded=cached.degraded,
        )

    def _avoided(self, cached: Cached, record: CorrectionRecord, text: str) -> LlmCall | None:
        """The ledger row of a call that was not made; None when one was made, or nobody knows what one would cost."""
        if cached.outcome is Outcome.MISS or not (record.tokens.total or record.text):
            return None
        if cached.outcome is Outcome.COALESCED:
            self._recorder.event("llm_coalesced")
            line = LedgerLine.COALESCED
        else:
            line = LedgerLine.REDIS if record.text is not None else LedgerLine.REMEMBERED
        call = self._ledger.avoided(record.paid(CORRECT.task), line)
        if not (line is LedgerLine.REDIS and self._held_out(call, text)):
            self._recorder.llm(call)
        return call

    def _held_out(self, spared: LlmCall, text: str) -> bool:
        """Whether this hit is one of the few that are called all the same; then whoever calls writes its row."""
        runtime = self._cache.link.runtime
        if not self._hold_out or runtime.share() >= self._hold_out or not self._ledger.may_hold_out(spared):
            return False
        request = CORRECT.request(self._model, text)
        return runtime.submit(lambda: self._asking.ask_again(request, spared))


def _found(cached: Cached, record: CorrectionRecord) -> Trace:
    """The step of the cache.

    A remembered verdict is a negative hit; a fault that somebody else ran into is Gemini's.
    """
    if record.text is not None:
        return (cached.step,)
    if cached.outcome is Outcome.COALESCED:
        return (TraceStep(Tier.GEMINI, record.outcome, 0.0, cached.step.duration_s, (), cached.step.detail),)
    return (cached.step._replace(outcome=Outcome.NEGATIVE_HIT, detail=record.detail),)


def _trace(cached: Cached, asked: Asked, record: CorrectionRecord, began: float) -> Trace:
    """Redis's part ends where the call began; the call's own follows."""
    start = max(0.0, asked.began - began)
    filled = (Tier.REDIS,) if cached.filled else ()
    return (
        cached.step._replace(duration_s=start),
        TraceStep(Tier.GEMINI, record.outcome, start, asked.duration_s, filled, record.detail),
    )
