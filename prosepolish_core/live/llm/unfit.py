"""Requests whose paid answer was unfit are not sent again for a while.

The reason is kept under the request's digest, no text.
"""

from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

from ...model.llm import LlmCall
from ..cache import FamilyCache, Loaded, NoLoad
from .ledger import credible

#: At temperature 0 the same request would end the same way; after so long the model may have changed its mind.
UNFIT_S = 300.0
#: So many are kept in mind by one process.
MOST = 10_000
#: How long Redis may take to hear of one.
TELL_S = 0.2


class UnfitAnswer(NamedTuple):
    """Why the last answer was unfit, and the row of the call that was paid for it, where it is known."""

    reason: str
    call: LlmCall | None = None


class UnfitLately:
    """Kept in this process; with a cache also in Redis, for all processes. Thread-safe."""

    def __init__(self, cache: FamilyCache | None = None, clock_s: Callable[[], float] = monotonic) -> None:
        self._cache = cache
        self._clock_s = clock_s
        self._here: dict[str, tuple[float, UnfitAnswer]] = {}

    def why(self, *name: str) -> UnfitAnswer | None:
        """The reason for which the last answer was unfit; None when it may be asked for."""
        until, unfit = self._here.get(":".join(name), (0.0, UnfitAnswer("")))
        if until > self._clock_s():
            return unfit
        if self._cache is None or (found := self._cache.get(name)) is None:
            return None
        paid = LlmCall.from_dict(found.value.get("paid") or {})
        return UnfitAnswer(str(found.value["unfit"]), paid if paid is not None and credible(paid) else None)

    def remember(self, reason: str, call: LlmCall, *name: str) -> None:
        """From now on `why` says so, for as long as it is kept."""
        if len(self._here) >= MOST:
            self._here.clear()
        self._here[":".join(name)] = (self._clock_s() + UNFIT_S, UnfitAnswer(reason, call))
        if self._cache is not None:
            with suppress(NoLoad):
                value = {"unfit": reason, "paid": call.to_dict()}
                self._cache.get_or_load(name, lambda _: Loaded(value, ttl_s=UNFIT_S), TELL_S, inline=True)


def is_unfit(value: object) -> bool:
    """Whether a stored value is one that `remember` wrote."""
    return isinstance(value, dict) and isinstance(value.get("unfit"), str)
