"""One line in the service's own log when a server is gone, and one when it is back, by the standard library's logging.

No handler is set up and none is silenced: without any configuration Python itself prints warnings on stderr.
"""

import logging
from time import monotonic

from .forks import ForkSafeLock


class OutageNote:
    """The outage of one server as this process sees it. `on` may be read at any time. Thread-safe."""

    def __init__(self, part: str, server: str, meanwhile: str) -> None:
        """The logger is `prosepolish_core.<part>`; `meanwhile` says what callers get while the server is away."""
        self.on = False
        self._server, self._meanwhile = server, meanwhile
        self._log = logging.getLogger(f"prosepolish_core.{part}")
        self._lock = ForkSafeLock()
        self._since = 0.0

    def begin(self, reason: str) -> None:
        """The server is left alone from now on. Only the first of many callers who notice writes the line."""
        with self._lock:
            if self.on:
                return
            self.on, self._since = True, monotonic()
        self._log.warning("%s is away (%s); %s", self._server, reason, self._meanwhile)

    def end(self) -> None:
        """The server answered."""
        with self._lock:
            if not self.on:
                return
            self.on, lasted = False, monotonic() - self._since
        self._log.warning("%s is back after %.1f s", self._server, lasted)
