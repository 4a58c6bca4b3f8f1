"""Pacing towards an upstream: a token bucket below its published limit, closed while it asks us to stay away."""

import threading
from collections.abc import Callable
from time import monotonic


class Pacer:
    """At most `burst` calls at once and `per_s` sustained; nothing at all until a Retry-After is over. Thread-safe."""

    def __init__(self, per_s: float, burst: int, clock: Callable[[], float] = monotonic) -> None:
        if not per_s > 0 or burst < 1:
            raise ValueError("a pace needs a positive rate and a burst of at least one")
        self._per_s = per_s
        self._burst = float(burst)
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = self._burst
        self._at = clock()
        self._closed_until = self._at

    def take(self) -> float:
        """Take one call. 0.0: go ahead. Otherwise the seconds to wait; nothing was taken then."""
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                return self._closed_until - now
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_s)
            self._at = now
            if self._tokens < 1.0:
                return (1.0 - self._tokens) / self._per_s
            self._tokens -= 1.0
            return 0.0

    def stay_away(self, seconds: float) -> None:
        """The upstream asked for `seconds` of quiet. A shorter request never shortens a longer one."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock() + seconds)
