"""The control of every row: a bare client asks a server that nobody touches,
and tells how busy the machine itself is.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import redis

#: Pause between two calls, and how long one may take: the deadline that the core gives Redis.
EVERY_S, DEADLINE_S = 0.02, 0.05
#: With more than this share of late calls a row says nothing of the core.
MOST_LATE = 0.02


class Control:
    """Asks all the time; `take` gives the share of late calls since the last time."""

    def __init__(self, port: int) -> None:
        self._client = redis.Redis(port=port, socket_timeout=10)
        self._took: list[float] = []
        self._over = threading.Event()
        threading.Thread(target=self._ask, daemon=True).start()

    def take(self) -> float:
        """Share of the calls that were later than the deadline."""
        took, self._took = self._took, []
        return sum(seconds > DEADLINE_S for seconds in took) / max(len(took), 1)

    def close(self) -> None:
        """Ask no more."""
        self._over.set()

    def _ask(self) -> None:
        with self._client as client, suppress(redis.RedisError):  # only at the very end is nobody there to answer
            while not self._over.wait(EVERY_S):
                began = time.monotonic()
                client.ping()
                self._took.append(time.monotonic() - began)
