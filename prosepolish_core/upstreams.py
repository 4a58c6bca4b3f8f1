"""Asking the upstreams how they are: one known word, one listing of models.

Neither costs money. Where others call an upstream it is asked once a minute; where nobody does, more often.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from .config import Config
from .drivers.tcp_reach import reach
from .live.llm.backend import PacedBackend
from .live.llm.models import model_verdict, names_of
from .live.words.dictionary_api import DictionaryHttp
from .model.health import Level
from .model.llm import LlmFault
from .model.outcome import Outcome
from .model.standing import Probed, State

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
    """What an answer says: nothing but ok, or a state with the reason and what to do."""

    state: State = State.UP
    reason: str = ""
    action: str = ""


#: The word for a fault -> what it means, for both upstreams. Anything else is an answer that is not the upstream's.
FAULTS: Mapping[str, Told] = {
    "paced": Told(),  # nothing was asked
    "429": Told(State.DEGRADED, "says that we ask too often", "Nothing: it is left alone for a while."),
    "connect": Told(State.DOWN, "cannot be reached", "Check the address and the network."),
    "disconnected": Told(State.DOWN, "hangs up instead of answering", "Check the address; else wait."),
    "deadline": Told(State.DOWN, "does not answer a question in time", "Nothing: it is left out until it answers."),
    "408": Told(State.DOWN, "does not answer a question in time", "Nothing: it is left out until it answers."),
    "504": Told(State.DOWN, "does not answer a question in time", "Nothing: it is left out until it answers."),
    **{str(code): Told(State.DOWN, f"fails ({code})", "Nothing: it is left out until it answers.") for code in range(500, 504)},
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
        ledger_fault: Callable[[], str] = str,
    ) -> None:
        """`ledger_fault`: why calls of Gemini cannot be written down before they leave; empty when they can."""
        self._ledger_fault = ledger_fault
        self._config = config
        self._dictionary = dictionary
        self._gemini = gemini
        self._breakers = breakers
        self._lock = threading.Lock()
        self._remembered: dict[str, tuple[float, Told]] = {}

    def dictionary_api(self, ask_again_s: float = ASK_AGAIN_S) -> Probed:
        """Whether the dictionary API knows a word that every dictionary has."""
        url = self._config.dictionary_api_url
        return self._judged("dictionary_api", "The dictionary API", url, self._ask_dictionary, ask_again_s)

    def gemini(self, ask_again_s: float = ASK_AGAIN_S) -> Probed:
        """Whether Gemini takes our key and lists our model, and how long that model will be there."""
        if self._config.gemini_api_key is None:
            reason = "No GEMINI_API_KEY is set, so texts are corrected from the cache alone."
            return Probed("gemini", State.DEGRADED, reason, "Set GEMINI_API_KEY.")
        found = self._judged("gemini", "Gemini", self._config.gemini_api_endpoint, self._ask_gemini, ask_again_s)
        if found.state is State.UP and (fault := self._ledger_fault()):
            reason, _, action = fault.partition("; ")
            return replace(
                found, state=State.DEGRADED, reason=f"Gemini answers, but {reason}.", action=f"{action[:1].upper()}{action[1:]}."
            )
        return found

    def _judged(self, name: str, title: str, url: str, ask: Callable[[], Told], ask_again_s: float) -> Probed:
        """Reached, then a real question, then its breaker."""
        try:
            times = tuple(reach(url, REACH_S) for _ in range(REACHES))
        except OSError as error:
            reason = "The address cannot be reached" if not isinstance(error, TimeoutError) else "The address does not answer"
            return Probed(name, State.DOWN, f"{reason}.", "Check the address and the network.", at=time.time(), reached=False)
        at, told = self._told(name, ask, ask_again_s)
        if told.reason:
            return Probed(name, told.state, f"{title} {told.reason}.", told.action, times, at)
        breaker = self._breakers().get(name, "closed")
        if breaker != "closed":
            reason = f"The address answers, but recent calls failed: the breaker is {breaker}."
            return Probed(name, State.DEGRADED, reason, "It closes by itself once calls succeed.", times, at)
        stand_in = " (a stand-in)" if name in self._config.stand_in_names() else ""
        return Probed(name, State.UP, f"The address answers{stand_in}.", "", times, at)

    def _told(self, name: str, ask: Callable[[], Told], ask_again_s: float) -> tuple[float, Told]:
        """The answer to a real question and when it was given: now, or not longer ago than that."""
        with self._lock:
            at, told = self._remembered.get(name, (0.0, Told()))
            if told.state is State.UP and time.time() - at < ask_again_s:
                return at, told  # what failed is asked again at once: whoever mends a setting wants to see it
            self._remembered[name] = time.time(), told  # others do not ask meanwhile
        told = ask()
        at = time.time()
        with self._lock:
            self._remembered[name] = at, told
        return at, told

    def _ask_dictionary(self) -> Told:
        found = self._dictionary().fetch(KNOWN_WORD, ASK_S)
        if found.outcome is Outcome.HIT:
            return Told()
        if found.outcome is Outcome.NEGATIVE_HIT:
            return Told(State.DEGRADED, f"does not know the word “{KNOWN_WORD}”", DICTIONARY_PATHS)
        strange = f"gives an answer that is no entry ({found.detail})"
        return FAULTS.get(found.detail, Told(State.DEGRADED, strange, DICTIONARY_PATHS))

    def _ask_gemini(self) -> Told:
        backend = self._gemini()
        found = backend.models(ASK_S) if backend else ()
        if isinstance(found, LlmFault):
            if found.detail == "key_refused":
                return Told(State.DOWN, "refuses the key", "Check GEMINI_API_KEY.")
            strange = f"gives an answer that is no list of models ({found.detail})"
            return FAULTS.get(found.detail, Told(State.DEGRADED, strange, GEMINI_PATHS))
        if "gemini" in self._config.stand_in_names():  # serves any model
            return Told()
        model = self._config.gemini_model
        if found and not any(name in found for name in names_of(model)):
            return Told(State.DEGRADED, f"does not list the model {names_of(model)[0]}", "Set GEMINI_MODEL to one that it lists.")
        verdict = model_verdict(model, datetime.now(UTC).date())
        return Told() if verdict.level is Level.OK else Told(State.DEGRADED, f"answers, but {verdict.reason}", f"{verdict.action}.")
