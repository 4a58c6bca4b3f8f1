"""The stand-in for the Free Dictionary API: real entries, its 404 object, its rate limit per address."""

import threading
import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from ..lexicon import Lexicon
from .answers import Answer, dictionary_error, json_answer
from .entries import wire_entry
from .faults import Fault, FaultKind

PATH = "/api/v2/entries/en/"
#: Requests one address may make within WINDOW_S, as the service's last public code has it.
LIMIT, WINDOW_S = 450, 300.0
#: Words the live service has no entry for although every dictionary has them.
FUNCTION_WORDS = frozenset(
    {"and", "are", "as", "at", "be", "but", "by", "for", "from", "in", "is", "it", "of", "on", "or", "the", "to", "was"}
)


class Pace:
    """Counts requests per address in fixed windows, as the service's limiter does. Thread-safe."""

    def __init__(self, limit: int = LIMIT, window_s: float = WINDOW_S, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit, self.window_s, self._clock = limit, window_s, clock
        self._lock = threading.Lock()
        self._began = clock()
        self._counts: dict[str, int] = {}

    def take(self, address: str) -> tuple[int, int]:
        """Count one request: (requests left, negative when over the limit; whole seconds until the window ends)."""
        with self._lock:
            now = self._clock()
            if now - self._began >= self.window_s:
                self._began, self._counts = now, {}
            self._counts[address] = self._counts.get(address, 0) + 1
            return self.limit - self._counts[address], max(1, round(self._began + self.window_s - now))


class DictionaryApi:
    """Answers GET requests; knows nothing of sockets."""

    def __init__(self, lexicon: Lexicon, pace: Pace) -> None:
        self._lexicon = lexicon
        self._pace = pace

    @staticmethod
    def subject(path: str, _body: bytes) -> str:
        """The word that was asked for, trimmed and lower-cased as the service does."""
        path = urlsplit(path).path
        return unquote(path.removeprefix(PATH)).strip().lower() if path.startswith(PATH) else ""

    @staticmethod
    def is_quick(_path: str) -> bool:
        """Every answer takes the usual time."""
        return False

    def answer(self, path: str, body: bytes, address: str, fault: Fault | None) -> Answer:
        """The answer to one request."""
        left, ends_s = self._pace.take(address)
        if left < 0:
            return dictionary_error(429, ends_s)
        word = self.subject(path, body)
        if fault and fault.kind is FaultKind.STATUS:
            return dictionary_error(fault.status, fault.retry_after_s)
        raw = None if word in FUNCTION_WORDS or (fault and fault.kind is FaultKind.NOT_FOUND) else self._lexicon.raw(word)
        if raw is None:
            return dictionary_error(404)
        entry = wire_entry(word, raw)
        if fault and fault.kind is FaultKind.NO_MEANINGS:
            entry[0]["meanings"] = []
        return json_answer(200, entry, **{"X-RateLimit-Limit": str(self._pace.limit), "X-RateLimit-Remaining": str(left)})
