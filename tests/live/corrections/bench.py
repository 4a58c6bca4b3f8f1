"""A corrector on a real Valkey with a scripted model, and notes of all it told."""

import json
import threading
from datetime import UTC, datetime
from decimal import Decimal

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.live.cache import CacheLink, FamilyCache, Seal
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.live.corrections import Corrector
from prosepolish_core.live.corrections.record import is_record
from prosepolish_core.live.llm.ledger import Ledger
from prosepolish_core.model.keys import LLM
from prosepolish_core.model.llm import LlmCall, LlmFault, LlmReply, LlmRequest
from prosepolish_core.model.outcome import Family, Outcome, Tier, Trace
from tests.support.waiting import REDIS_S

MODEL = "gemini-3.8-flash"
TEXT = "Teh quick brown fox."
RIGHT = "The quick brown fox."


class Model:
    """A backend that answers from a script, counts its calls, and can be held up."""

    def __init__(self) -> None:
        self.calls: list[LlmRequest] = []
        self.answer: LlmReply | LlmFault | None = None
        self.gate = threading.Event()
        self.gate.set()

    def generate(self, request: LlmRequest, timeout_s: float) -> LlmReply | LlmFault:
        """The scripted answer, or the text with `Teh` put right."""
        self.calls.append(request)
        self.gate.wait(10)
        return self.answer or reply(request.text.replace("Teh", "The"))


def reply(text: str, finish: str = "stop") -> LlmReply:
    """A reply that corrects to this text."""
    return LlmReply(json.dumps({"text": text}), finish, MODEL, prompt=450, cached=0, output=150, thoughts=0)


class Notes:
    """A recorder that remembers."""

    def __init__(self) -> None:
        self.traces: list[tuple[Family, Trace]] = []
        self.calls: list[LlmCall] = []
        self.events: list[str] = []
        self.accesses: list[tuple[Family, str]] = []

    def record(self, family: Family, trace: Trace) -> None:
        """One call."""
        self.traces.append((family, trace))

    def hit(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None:
        """Not used here."""

    def llm(self, call: LlmCall) -> None:
        """One ledger row."""
        self.calls.append(call)

    def access(self, family: Family, key: str, size_bytes: int, source: int = 0, cost_usd: Decimal | None = None) -> None:
        """One key read."""
        self.accesses.append((family, key))

    def paid_text(self, text: str, cost_usd: Decimal | None) -> None:
        """Not used here."""

    def event(self, name: str, amount: int = 1) -> None:
        """One event."""
        self.events.append(name)


class Bench:
    """A corrector, its model and its notes over one server."""

    def __init__(self, url: str, *, seal: Seal | None = None, deadline_s: float = 8.0) -> None:
        self.model, self.notes = Model(), Notes()
        self.today = datetime(2026, 11, 23, tzinfo=UTC)
        self.client = connect(url, timeout_s=REDIS_S, pool_size=16, role="test")
        self.server = cache_server(self.client, timeout_s=REDIS_S, pool_size=16)
        self.link = CacheLink(self.server)
        cache = FamilyCache(self.link, LLM, self.notes, seal=seal, grace=0.0, fits=is_record)
        self.corrector = Corrector(cache, self.model, MODEL, Ledger(self.notes.llm, now=lambda: self.today), deadline_s=deadline_s)

    def keys(self) -> list[str]:
        """The keys in Redis."""
        return sorted(key.decode() for key in self.client.keys("*"))

    def close(self) -> None:
        """Release everything."""
        self.model.gate.set()
        self.link.close()
        self.server.close()
        self.client.close()
