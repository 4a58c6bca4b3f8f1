"""The control of every row: a bare client asks a server that nobody touches,
and tells how busy the machine itself is.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from itertools import groupby
from typing import NamedTuple

import redis

#: Pause between two calls, and how long one may take: the deadline that the core gives Redis.
EVERY_S, DEADLINE_S = 0.02, 0.05
#: With more than this share of late calls, or with this many in a row, a row says nothing of the core.
MOST_LATE, IN_A_ROW = 0.02, 2


class Lateness(NamedTuple):
    """Share of the control's calls that were later than the deadline, and the most of them in a row."""

    share: float
    in_a_row: int

    @property
    def distorts(self) -> bool:
        """Whether the machine itself was too busy to say."""
        return self.share > MOST_LATE or self.in_a_row >= IN_A_ROW


class Control:
    """Asks all the time; `take` tells of the calls since the last time."""

    def __init__(self, port: int) -> None:
        self._client = redis.Redis(port=port, socket_timeout=10)
        self._took: list[float] = []
        self._over = threading.Event()
        threading.Thread(target=self._ask, daemon=True).start()

    def take(self) -> Lateness:
        """Of the calls since the last time."""
        took, self._took = self._took, []
        late = [seconds > DEADLINE_S for seconds in took]
        return Lateness(sum(late) / max(len(late), 1), max((sum(run) for _, run in groupby(late)), default=0))

    def close(self) -> None:
        """Ask no more."""
        self._over.set()

    def _ask(self) -> None:
        with self._client as client, suppress(redis.RedisError):  # only at the very end is nobody there to answer
            while not self._over.wait(EVERY_S):
                began = time.monotonic()
                client.ping()
                self._took.append(time.monotonic() - began)
