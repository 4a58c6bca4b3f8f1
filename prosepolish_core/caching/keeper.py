"""Keeps the leases of long loads alive, so that a lease can be short and a dead holder is noticed soon."""

import threading
from contextlib import suppress

from ..errors import CacheUnavailable
from ..ports import CacheServer
from .runtime import Runtime

#: How long a lease lasts, and how often it is prolonged meanwhile.
LEASE_MS = 1000
BEAT_S = 0.3


class Keeper:
    """One thread while there is something to keep; none otherwise."""

    def __init__(self, server: CacheServer, runtime: Runtime) -> None:
        self._server = server
        self._runtime = runtime
        self.start_anew()

    def start_anew(self) -> None:
        """As if just made: in a forked child the parent keeps its own leases."""
        self._lock = threading.Lock()
        self._kept: dict[str, str] = {}
        self._running = False

    def keep(self, key: str, token: str) -> None:
        """Prolong this lease until it is let go."""
        with self._lock:
            self._kept[token] = key
            if self._running:
                return
            self._running = True
        self._runtime.spawn(self._run, "prosepolish-leases")

    def let_go(self, token: str) -> None:
        """The load is over."""
        with self._lock:
            self._kept.pop(token, None)

    def close(self) -> None:
        """Let everything go."""
        with self._lock:
            self._kept.clear()

    def _run(self) -> None:
        while True:
            self._runtime.pause(BEAT_S)
            with self._lock:
                kept = [(key, token) for token, key in self._kept.items()]
                if not kept:
                    self._running = False
                    return
            with suppress(CacheUnavailable):  # then the lease lapses, and the fill is refused: safe, only slower
                self._server.renew(kept, LEASE_MS)
