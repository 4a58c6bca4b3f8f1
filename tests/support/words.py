"""Doubles for the word lookup that change nothing about it: a scripted word source, and a recorder that remembers."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from prosepolish_core.live.words import Dictionary
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.outcome import Family, Outcome, Tier, Trace
from prosepolish_core.model.tier_replies import Fetched

from .waiting import PATIENCE_S

NO = Fetched(Outcome.NEGATIVE_HIT, detail="404")
#: Opens a lookup over these sources, as a process of its own would.
Open = Callable[..., Dictionary]


def entry(word: str, text: str = "A definition.") -> dict[str, object]:
    return {"word": word, "meanings": [{"part_of_speech": "noun", "definitions": [{"definition": text}]}]}


@dataclass
class Source:
    """A `ports.WordSource` that says what it was told to say, and remembers what it was asked."""

    tier: Tier
    knows: Mapping[str, Fetched] = field(default_factory=dict)
    otherwise: Fetched = NO
    delay_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    gate: threading.Event | None = None

    def fetch(self, word: str, timeout_s: float) -> Fetched:
        """The scripted answer, after the scripted delay."""
        self.asked.append(word)
        if self.gate is not None:
            self.gate.wait(PATIENCE_S)
        time.sleep(self.delay_s)
        return self.knows.get(word, self.otherwise)


def knows(*words: str) -> dict[str, Fetched]:
    """A source's knowledge of these words."""
    return {word: Fetched(Outcome.HIT, entry(word)) for word in words}


class Remembers:
    """A `ports.Recorder` that keeps everything."""

    def __init__(self) -> None:
        self.traces: list[Trace] = []
        self.hits: list[tuple[Family, Tier, Outcome]] = []
        self.calls: list[LlmCall] = []
        self.keys: list[str] = []
        self.events: Counter[str] = Counter()

    def record(self, family: Family, trace: Trace) -> None:
        self.traces.append(trace)

    def hit(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None:
        self.hits.append((family, tier, outcome))

    def many_hits(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float, keys: list[str], sizes: list[int]) -> None:
        for key, size in zip(keys, sizes, strict=True):
            self.hit(family, tier, outcome, duration_s)
            self.access(family, key, size)

    def llm(self, call: LlmCall | Callable[[], LlmCall | None]) -> None:
        if (made := call if isinstance(call, LlmCall) else call()) is not None:
            self.calls.append(made)

    def access(self, family: Family, key: str, size_bytes: int, source: int = 0, cost_usd: Decimal | None = None) -> None:
        self.keys.append(key)

    def paid_text(self, text: str, cost_usd: Decimal | None) -> None:
        """Not used here."""

    def event(self, name: str, amount: int = 1) -> None:
        self.events[name] += amount


def api(*words: str, **more: object) -> Source:
    return Source(Tier.DICTIONARY_API, knows(*words), **more)  # type: ignore[arg-type]


def gemini(*words: str, **more: object) -> Source:
    return Source(Tier.GEMINI, knows(*words), **more)  # type: ignore[arg-type]
