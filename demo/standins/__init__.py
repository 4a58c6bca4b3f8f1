"""Stand-in upstreams: real HTTP servers on loopback that speak the Free Dictionary API's and Gemini's wire shapes."""

from typing import Self

from ..lexicon import lexicon
from .control import Control
from .dictionary_api import LIMIT, WINDOW_S, DictionaryApi, Pace
from .faults import Fault, FaultKind
from .gemini import GeminiStandIn
from .server import LOOPBACK, Upstream

__all__ = ["Fault", "FaultKind", "StandIns"]

#: How long the real upstreams take, in seconds.
DICTIONARY_DELAY_S = (0.2, 0.5)
GEMINI_DELAY_S = (1.0, 2.0)


class StandIns:
    """Both upstreams and their control endpoint, each on a port of its own.

    `with StandIns(speed=1000) as up:` serves `up.dictionary_api.url` and `up.gemini.url`;
    `up.gemini.script.add(Fault(FaultKind.STATUS, status=429, times=2))` makes the next two calls fail.
    `host` opens the two upstreams to a network; the control endpoint stays on loopback.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        seed: int = 0,
        limit: int = LIMIT,
        ports: tuple[int, int, int] = (0, 0, 0),
        host: str = LOOPBACK,
    ) -> None:
        words = lexicon()
        pace = Pace(limit, WINDOW_S / speed)
        self.dictionary_api = Upstream(
            "dictionary_api", DictionaryApi(words, pace), DICTIONARY_DELAY_S, speed=speed, seed=seed, port=ports[0], host=host
        )
        self.gemini = Upstream("gemini", GeminiStandIn(words), GEMINI_DELAY_S, speed=speed, seed=seed + 1, port=ports[1], host=host)
        both = {upstream.name: upstream for upstream in (self.dictionary_api, self.gemini)}
        self.control = Upstream("control", Control(both), (0.0, 0.0), speed=1.0, seed=0, port=ports[2])

    def __enter__(self) -> Self:
        for upstream in (self.dictionary_api, self.gemini, self.control):
            upstream.start()
        return self

    def __exit__(self, *_: object) -> None:
        for upstream in (self.control, self.gemini, self.dictionary_api):
            upstream.close()
