"""Tier 4 of the word lookup: the LLM asked for a definition. A non-word is a negative answer, never an entry."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

from ...model.llm import LlmCall, LlmFault
from ...model.outcome import Outcome, Tier
from ...model.tier_replies import Fetched
from ...ports import LlmBackend
from .answers import BadAnswer, definition
from .ledger import paid
from .prompts import DEFINE

#: A word that the model would not finish (blocked, cut off) is not sent again for so many seconds: it was paid for, and at
#: temperature 0 it would end the same way. So many such words are kept in mind.
UNFINISHED_S = 300.0
MOST_UNFINISHED = 10_000
UNFINISHED = frozenset({"safety", "recitation", "length"})
UNFINISHED_LATELY = "unfinished_lately"


class LlmDefiner:
    """A word source. Every answer that was paid for carries its ledger row, usable or not; the caller records it."""

    tier = Tier.GEMINI

    def __init__(
        self,
        backend: LlmBackend | None,
        model: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock_s: Callable[[], float] = monotonic,
    ) -> None:
        self._backend = backend
        self._model = model
        self._now = now
        self._clock_s = clock_s
        self._unfinished_until: dict[str, float] = {}

    def fetch(self, word: str, timeout_s: float) -> Fetched:
        """Ask for one normalised word."""
        if self._backend is None:
            return Fetched(Outcome.REFUSED, detail="no_backend")
        started = self._clock_s()
        if self._unfinished_until.get(word, started) > started:
            return Fetched(Outcome.ERROR, detail=UNFINISHED_LATELY)
        reply = self._backend.generate(DEFINE.request(self._model, word), timeout_s)
        if isinstance(reply, LlmFault):
            return Fetched(reply.outcome, detail=reply.detail, retry_after_s=reply.retry_after_s)
        call: LlmCall = paid(DEFINE.task, reply, self._clock_s() - started, self._now())
        try:
            entry = definition(word, reply)
        except BadAnswer as bad:
            if reply.finish in UNFINISHED:
                if len(self._unfinished_until) >= MOST_UNFINISHED:
                    self._unfinished_until.clear()
                self._unfinished_until[word] = self._clock_s() + UNFINISHED_S
            return Fetched(Outcome.ERROR, detail=str(bad), call=call)
        return Fetched(Outcome.HIT if entry else Outcome.NEGATIVE_HIT, entry, call=call)
