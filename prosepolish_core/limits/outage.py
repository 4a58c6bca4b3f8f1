"""When to stop asking a server that does not answer: after a few faults in a row, one probe per pause."""

import threading
import time
from collections.abc import Callable

#: Faults in a row that open it, and the pause between two probes: a server that is back is used within a second.
FAULTS_TO_OPEN = 3
PAUSE_S = 0.5


class Outage:
    """Closed while the server answers. Open: everybody is told not to ask, except one probe per pause."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic, *, faults: int = FAULTS_TO_OPEN, pause_s: float = PAUSE_S):
        self._clock_s = clock_s
        self._most = faults
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._faults = 0
        self._probe_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the server is being left alone."""
        return self._faults >= self._most

    def may_ask(self) -> bool:
        """Whether this caller may ask the server: always while closed, once per pause while open."""
        if self._faults < self._most:
            return True
        with self._lock:
            now = self._clock_s()
            if now < self._probe_at:
                return False
            self._probe_at = now + self._pause_s
            return True

    def answered(self) -> None:
        """The server answered."""
        if self._faults:
            self._faults = 0

    def failed(self) -> None:
        """The server did not answer."""
        with self._lock:
            self._faults += 1
            if self._faults == self._most:
                self._probe_at = self._clock_s() + self._pause_s
