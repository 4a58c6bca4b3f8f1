"""Which SDK talks to Gemini, and when it may: nothing is asked while Gemini told us to stay away."""

from collections.abc import Callable, Collection
from typing import Protocol

from ...config import Config
from ...drivers.pacing import Pacer
from ...model.llm import LlmFault, LlmReply, LlmRequest
from ...model.outcome import Outcome
from ...ports import LlmBackend
from .gemini_genai import GenAiBackend
from .gemini_generativeai import GenerativeAiBackend
from .lazy_sdk import LazySdk
from .ledger import Ledger
from .price_table import load_prices

#: Calls a second and at once, for each process; far above our traffic, it only stops a runaway loop from spending
#: money.
PER_S = 20.0
BURST = 40


class Gemini(LlmBackend, Protocol):
    """A backend with a life cycle."""

    def models(self, timeout_s: float) -> Collection[str] | LlmFault:
        """Names of the models on offer, without their prefix; none when there are more than one page tells.

        Costs nothing.
        """

    def warm_up(self) -> None:
        """Begin to load the SDK without waiting for it."""

    def close(self) -> None:
        """Release the connections."""


#: GEMINI_BACKEND -> how it is made from a key and an endpoint. The SDKs are imported by their first use.
BACKENDS: dict[str, Callable[[str, str, Ledger | None], Gemini]] = {
    GenerativeAiBackend.name: GenerativeAiBackend,
    GenAiBackend.name: GenAiBackend,
}


def choose_backend(config: Config, ledger: Ledger | None = None) -> "PacedBackend | None":
    """The configured backend, or None without a key: then tier 4 is off. `ledger` hears of each call that leaves."""
    if config.gemini_api_key is None:
        return None
    make = BACKENDS[config.gemini_backend]
    key = config.gemini_api_key.get_secret_value()
    return PacedBackend(make(key, config.gemini_api_endpoint, ledger), Pacer(PER_S, BURST))


class PacedBackend:
    """An LlmBackend with a pace, shared by everybody who asks: one Retry-After counts for all of them."""

    def __init__(self, inner: Gemini, pacer: Pacer) -> None:
        self._inner = inner
        self._pacer = pacer
        self._prices = LazySdk(load_prices)

    def generate(self, request: LlmRequest, timeout_s: float) -> LlmReply | LlmFault:
        """Ask once, or say REFUSED (`paced`) with the seconds to wait."""
        if wait := self._pacer.take():
            return LlmFault(Outcome.REFUSED, "paced", wait)
        answer = self._inner.generate(request, timeout_s)
        if isinstance(answer, LlmFault) and (answer.retry_after_s is not None or answer.outcome is Outcome.REFUSED):
            self._pacer.heed(answer.retry_after_s)
        return answer

    def models(self, timeout_s: float) -> Collection[str] | LlmFault:
        """Names of the models on offer, or REFUSED (`paced`)."""
        if wait := self._pacer.take():
            return LlmFault(Outcome.REFUSED, "paced", wait)
        return self._inner.models(timeout_s)

    def warm_up(self) -> None:
        """Begin to load the SDK, and the prices that the first answer or hit needs, without waiting for them."""
        self._inner.warm_up()
        self._prices.start()

    def close(self) -> None:
        """Release the connections."""
        self._inner.close()
