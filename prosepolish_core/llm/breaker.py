"""The breaker before the LLM: after several faults in a row it opens for a while, then lets one call through to see."""

import threading
from collections.abc import Callable
from time import monotonic

#: Faults in a row that open it, and for how long: twice as long each time the probe fails, up to the longest.
FAULTS = 5
FIRST_S = 2.0
LONGEST_S = 60.0


class Breaker:
    """Closed, open or half-open. Thread-safe. Only transport faults belong in here, not answers we do not like."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._faults = 0
        self._opened = 0
        self._until = 0.0
        self._probing = False

    def wait_s(self) -> float:
        """0.0: go ahead (and report back by `succeeded`, `failed` or `undecided`). Otherwise the seconds until somebody may try."""
        with self._lock:
            if not self._opened:
                return 0.0
            left = self._until - self._clock()
            if left > 0:
                return left
            if self._probing:
                return FIRST_S
            self._probing = True
            return 0.0

    def succeeded(self) -> None:
        """It answered: closed."""
        with self._lock:
            self._faults = self._opened = 0
            self._probing = False

    def failed(self) -> None:
        """It did not: one more in a row, or a probe that failed."""
        with self._lock:
            self._faults += 1
            if self._probing or (self._faults >= FAULTS and not self._opened):
                self._until = self._clock() + min(FIRST_S * 2**self._opened, LONGEST_S)
                self._opened = min(self._opened + 1, 16)
                self._probing = False

    def undecided(self) -> None:
        """The call that was let through never reached the other side: the next one may be the probe."""
        with self._lock:
            self._probing = False
