"""Asking the upstreams how they are: one known word, one listing of models.

Neither costs money, and each at most once a minute.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import NamedTuple

from .config import Config
from .drivers.tcp_reach import reach
from .live.llm.backend import PacedBackend
from .live.llm.models import model_verdict, names_of
from .live.words.dictionary_api import DictionaryHttp
from .model.health import Dependency, Level, Status
from .model.llm import LlmFault
from .model.outcome import Outcome

#: Connections to an upstream, and how long each may take; and how long its answer to a real question may.
REACHES, REACH_S = 3, 0.7
ASK_S = 1.5
#: A real question is asked again after this long; what it told is remembered. Health is asked for every few seconds.
ASK_AGAIN_S = 60.0
#: A word that every dictionary has.
KNOWN_WORD = "water"
DICTIONARY_PATHS = "Check DICTIONARY_API_URL: it is the base address of a Free Dictionary API."
GEMINI_PATHS = "Check GEMINI_API_ENDPOINT: it is the base address of the Gemini API."


class Told(NamedTuple):
    """What an answer says: nothing but ok, or a status with the reason and what to do."""

    status: Status = Status.OK
    reason: str = ""
    action: str = ""


#: The word for a fault -> what it means, for both upstreams. Anything else is an answer that is not the upstream's.
FAULTS: Mapping[str, Told] = {
    "paced": Told(),  # nothing was asked
    "429": Told(Status.DEGRADED, "says that we ask too often", "Nothing: it is left alone for a while."),
    "connect": Told(Status.DOWN, "cannot be reached", "Check the address and the network."),
    "disconnected": Told(Status.DOWN, "hangs up instead of answering", "Check the address; else wait."),
    "deadline": Told(Status.DOWN, "does not answer a question in time", "Nothing: it is left out until it answers."),
    "408": Told(Status.DOWN, "does not answer a question in time", "Nothing: it is left out until it answers."),
    "504": Told(Status.DOWN, "does not answer a question in time", "Nothing: it is left out until it answers."),
    **{str(code): Told(Status.DOWN, f"fails ({code})", "Nothing: it is left out until it answers.") for code in range(500, 504)},
}


class Upstreams:
    """The two upstreams as health sees them.

    Thread-safe; `breakers` gives the state of each tier's breaker where there is one.
    """

    def __init__(
        self,
        config: Config,
        dictionary: Callable[[], DictionaryHttp],
        gemini: Callable[[], PacedBackend | None],
        breakers: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._config = config
        self._dictionary = dictionary
        self._gemini = gemini
        self._breakers = breakers
        self._lock = threading.Lock()
        self._remembered: dict[str, tuple[float, Told]] = {}

    def dictionary_api(self) -> Dependency:
        """Whether the dictionary API knows a word that every dictionary has."""
        return self._judged("dictionary_api", "The dictionary API", self._config.dictionary_api_url, self._ask_dictionary)

    def gemini(self) -> Dependency:
        """Whether Gemini takes our key and lists our model, and how long that model will be there."""
        if self._config.gemini_api_key is None:
            reason = "No GEMINI_API_KEY is set, so texts are corrected from the cache alone."
            return Dependency("gemini", Status.DEGRADED, reason, "Set GEMINI_API_KEY.")
        return self._judged("gemini", "Gemini", self._config.gemini_api_endpoint, self._ask_gemini)

    def _judged(self, name: str, title: str, url: str, ask: Callable[[], Told]) -> Dependency:
        """Reached, then its breaker, then a real question."""
        try:
            times = tuple(reach(url, REACH_S) for _ in range(REACHES))
        except OSError as error:
            reason = "The address cannot be reached" if not isinstance(error, TimeoutError) else "The address does not answer"
            return Dependency(name, Status.DOWN, f"{reason}.", "Check the address and the network.")
        breaker = self._breakers().get(name, "closed")
        if breaker != "closed":
            reason = f"The address answers, but recent calls failed: the breaker is {breaker}."
            return Dependency(name, Status.DEGRADED, reason, "It closes by itself once calls succeed.", False, times)
        told = self._told(name, ask)
        if told.reason:
            return Dependency(name, told.status, f"{title} {told.reason}.", told.action, False, times)
        stand_in = " (a stand-in)" if name in self._config.stand_in_names() else ""
        return Dependency(name, Status.OK, f"The address answers{stand_in}.", "", False, times)

    def _told(self, name: str, ask: Callable[[], Told]) -> Told:
        """The answer to a real question, asked now or within the last minute."""
        with self._lock:
            at, told = self._remembered.get(name, (-ASK_AGAIN_S, Told()))
            if monotonic() - at < ASK_AGAIN_S:
                return told
            self._remembered[name] = monotonic(), told  # others do not ask meanwhile
        told = ask()
        with self._lock:
            # What failed is asked again at once: whoever mends a setting wants to see it.
            self._remembered[name] = (monotonic() if told.status is Status.OK else -ASK_AGAIN_S), told
        return told

    def _ask_dictionary(self) -> Told:
        found = self._dictionary().fetch(KNOWN_WORD, ASK_S)
        if found.outcome is Outcome.HIT:
            return Told()
        if found.outcome is Outcome.NEGATIVE_HIT:
            return Told(Status.DEGRADED, f"does not know the word “{KNOWN_WORD}”", DICTIONARY_PATHS)
        strange = f"gives an answer that is no entry ({found.detail})"
        return FAULTS.get(found.detail, Told(Status.DEGRADED, strange, DICTIONARY_PATHS))

    def _ask_gemini(self) -> Told:
        backend = self._gemini()
        found = backend.models(ASK_S) if backend else ()
        if isinstance(found, LlmFault):
            if found.detail == "key_refused":
                return Told(Status.DOWN, "refuses the key", "Check GEMINI_API_KEY.")
            strange = f"gives an answer that is no list of models ({found.detail})"
            return FAULTS.get(found.detail, Told(Status.DEGRADED, strange, GEMINI_PATHS))
        if "gemini" in self._config.stand_in_names():  # serves any model
            return Told()
        model = self._config.gemini_model
        if found and not any(name in found for name in names_of(model)):
            return Told(Status.DEGRADED, f"does not list the model {names_of(model)[0]}", "Set GEMINI_MODEL to one that it lists.")
        verdict = model_verdict(model, datetime.now(UTC).date())
        return (
            Told() if verdict.level is Level.OK else Told(Status.DEGRADED, f"answers, but {verdict.reason}", f"{verdict.action}.")
        )
