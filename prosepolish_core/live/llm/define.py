"""Tier 4 of the word lookup: the LLM asked for a definition. A non-word is a negative answer, never an entry."""

from collections.abc import Callable
from time import monotonic

from ...model.llm import LedgerLine, LlmFault
from ...model.outcome import Outcome, Tier
from ...model.tier_replies import Fetched
from ...ports import LlmBackend
from .answers import BadAnswer, definition
from .ledger import Ledger, tokens_of
from .prompts import DEFINE, RequestKeys
from .unfit import UnfitLately

#: Told instead of asking again for a word whose answer was paid for and unfit a moment ago.
UNFIT_LATELY = "unfit_lately"


class LlmDefiner:
    """A word source. Every answer that was paid for carries its ledger row, usable or not; the caller records it."""

    tier = Tier.GEMINI

    def __init__(
        self,
        backend: LlmBackend | None,
        model: str,
        unfit: UnfitLately | None = None,
        ledger: Ledger | None = None,
        clock_s: Callable[[], float] = monotonic,
    ) -> None:
        self._backend = backend
        self._model = model
        self._unfit = unfit or UnfitLately(clock_s=clock_s)
        self._keys = RequestKeys(DEFINE.task, DEFINE.version, DEFINE.request(model, ""))
        self._ledger = ledger or Ledger()
        self._clock_s = clock_s

    def fetch(self, word: str, timeout_s: float) -> Fetched:
        """Ask for one word as it is spelt."""
        if self._backend is None:
            return Fetched(Outcome.REFUSED, detail="no_backend")
        name = (DEFINE.task, self._keys.key(DEFINE.request(self._model, word.casefold())))
        started = self._clock_s()
        if unfit := self._unfit.why(*name):
            spared = self._ledger.avoided(unfit.call, LedgerLine.REMEMBERED) if unfit.call else None
            return Fetched(Outcome.ERROR, detail=UNFIT_LATELY, spared=spared)
        reply = self._backend.generate(DEFINE.request(self._model, word), timeout_s)
        if isinstance(reply, LlmFault):
            return Fetched(reply.outcome, detail=reply.detail, retry_after_s=reply.retry_after_s, cost_usd=reply.cost_usd)
        duration_s = self._clock_s() - started
        try:
            entry = definition(word.lower(), reply)
        except BadAnswer as bad:
            call = self._ledger.paid(DEFINE.task, reply, duration_s, str(bad))
            if tokens_of(reply).total:  # without a bill it is no answer of the model, and the next may be one
                self._unfit.remember(str(bad), call, *name)
            return Fetched(Outcome.ERROR, detail=str(bad), call=call)
        call = self._ledger.paid(DEFINE.task, reply, duration_s)
        return Fetched(Outcome.HIT if entry else Outcome.NEGATIVE_HIT, entry, call=call)
