"""Corrections: the LLM behind its cache. Always gives a text fit to show, the original one when nobody could correct it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic
from typing import Any, Protocol

from ..llm.answers import BadAnswer, corrected_text
from ..llm.ledger import avoided, paid, tokens_of
from ..llm.prompts import CORRECT
from ..llm.request_key import request_key
from ..model.correction import Correction
from ..model.outcome import Family, Outcome, Tier
from ..model.tokens import NO_TOKENS, Tokens
from ..model.trace import TraceStep
from ..ports import LlmBackend, LlmFault, LlmReply, LlmRequest, Recorder
from .record import CorrectionRecord
from .text import checked_text

#: How long one correction may take in all, and how much of it the LLM gets.
DEADLINE_S = 10.0


class AnswerCache(Protocol):
    """Where finished answers are kept for a while."""

    def get(self, task: str, digest: str) -> tuple[Outcome, Mapping[str, Any] | None]:
        """HIT with the value, MISS, TIMEOUT or ERROR."""

    def put(self, task: str, digest: str, value: Mapping[str, Any]) -> bool:
        """Keep the value; whether it was kept."""


class Corrector:
    """`core.corrector`. Thread-safe. Raises InvalidText for a text we refuse, and nothing else."""

    def __init__(
        self,
        cache: AnswerCache,
        backend: LlmBackend | None,
        model: str,
        recorder: Recorder | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._cache = cache
        self._backend = backend
        self._model = model
        self._recorder = recorder
        self._now = now

    def correct(self, text: str, user_id: str | None = None) -> Correction:
        """Correct one text (at most 5,000 characters)."""
        del user_id
        run = _Run(checked_text(text))
        request = CORRECT.request(self._model, run.text)
        digest = request_key(CORRECT.task, CORRECT.version, request)
        answer = self._from_cache(run, digest) or self._from_llm(run, digest, request)
        if self._recorder:
            self._recorder.record(Family.LLM, answer.trace)
        return answer

    def _from_cache(self, run: "_Run", digest: str) -> Correction | None:
        started = monotonic()
        outcome, value = self._cache.get(CORRECT.task, digest)
        record = CorrectionRecord.from_dict(value) if value is not None else None
        outcome = Outcome.MISS if outcome is Outcome.HIT and record is None else outcome
        run.step(Tier.REDIS, outcome, started)
        if record is None:
            return None
        call = avoided(CORRECT.task, record.model, record.tokens, record.duration_s, self._now())
        if self._recorder:
            self._recorder.llm(call)
        return Correction(
            text=record.text,
            changed=record.text != run.text,
            tier=Tier.REDIS,
            outcome=Outcome.HIT,
            tokens=record.tokens,
            trace=run.trace,
            model=record.model,
            avoided_usd=call.cost_usd,
        )

    def _from_llm(self, run: "_Run", digest: str, request: LlmRequest) -> Correction:
        if self._backend is None:
            return run.unanswered(Outcome.REFUSED, "no_backend", monotonic())
        started = monotonic()
        reply = self._backend.generate(request, DEADLINE_S - run.seconds())
        if isinstance(reply, LlmFault):
            return run.unanswered(reply.outcome, reply.detail, started)
        return self._read(run, digest, reply, started)

    def _read(self, run: "_Run", digest: str, reply: LlmReply, started: float) -> Correction:
        """The answer of a call that was paid for: recorded in any case, cached only when it is fit to use."""
        duration_s = monotonic() - started
        call = paid(CORRECT.task, reply, duration_s, self._now())
        if self._recorder:
            self._recorder.llm(call)
        tokens = tokens_of(reply)
        try:
            text = corrected_text(run.text, reply)
        except BadAnswer as bad:
            return run.unanswered(Outcome.ERROR, str(bad), started, tokens, call.cost_usd, reply.model_version)
        kept = self._cache.put(CORRECT.task, digest, CorrectionRecord(text, reply.model_version, tokens, duration_s).to_dict())
        run.step(Tier.GEMINI, Outcome.HIT, started, (Tier.REDIS,) if kept else ())
        return Correction(
            text=text,
            changed=text != run.text,
            tier=Tier.GEMINI,
            outcome=Outcome.HIT,
            tokens=tokens,
            cost_usd=call.cost_usd,
            trace=run.trace,
            model=reply.model_version,
        )


class _Run:
    """One call of `correct`: its text, its clock and its trace."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.trace: tuple[TraceStep, ...] = ()
        self._began = monotonic()

    def seconds(self) -> float:
        return monotonic() - self._began

    def step(self, tier: Tier, outcome: Outcome, started: float, filled: tuple[Tier, ...] = (), detail: str = "") -> None:
        self.trace += (TraceStep(tier, outcome, started - self._began, monotonic() - started, filled, detail),)

    def unanswered(
        self,
        outcome: Outcome,
        detail: str,
        started: float,
        tokens: Tokens = NO_TOKENS,
        cost_usd: Decimal | None = Decimal(0),
        model: str = "",
    ) -> Correction:
        self.step(Tier.GEMINI, outcome, started, (), detail)
        return Correction(self.text, False, None, outcome, tokens, cost_usd, self.trace, detail, model)
