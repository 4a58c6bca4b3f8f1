"""A breaker: stops asking what keeps failing. Its clock is an argument, so every behaviour can be replayed."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from ..forks import ForkSafeLock


class BreakerState(StrEnum):
    """Closed lets calls pass, open refuses them, half-open lets one through to find out."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


#: A call that fails says nothing of now when one that began so much later has succeeded: it was lost long before.
STRAGGLES_S = 3.0


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Opens after `failures` in a row, or when `ratio` of the last `calls` failed (or were slower than `slow_s`).

    Stays open `open_s`, doubled each time the probe fails, at most `longest_s`: what is well again is used within two
    seconds, although a probe may have begun, and be waited for, just before.
    """

    failures: int = 5
    calls: int = 20
    ratio: float = 0.5
    slow_s: float = float("inf")
    open_s: float = 0.5
    longest_s: float = 1.0


class Breaker:
    """One breaker, for many threads. `closed` may be read at any time; everything else goes through the methods."""

    def __init__(self, policy: BreakerPolicy) -> None:
        self.policy = policy
        self.closed = True
        self._lock = ForkSafeLock()
        self._recent: deque[bool] = deque(maxlen=policy.calls)
        self._in_a_row = 0
        self._opened = 0
        self._until = 0.0
        self._probing_until = 0.0
        #: When it last opened or closed.
        self._changed = float("-inf")
        #: When the newest call that succeeded began.
        self._well = float("-inf")

    def allow(self, now: float) -> bool:
        """Whether a call may go through. In half-open, one caller is let through at a time."""
        if self.closed:
            return True
        with self._lock:
            if now < self._until or now < self._probing_until:
                return False
            self._probing_until = now + max(self.policy.open_s, 1.0)
            return True

    def success(self, now: float, duration_s: float = 0.0) -> None:
        """A call did its work; one slower than the policy allows counts as a failure."""
        if duration_s > self.policy.slow_s:
            self.failure(now, duration_s=duration_s)
            return
        self._well = now - duration_s
        if self.closed and not self._in_a_row and not self._recent:
            return  # the common case costs no lock
        with self._lock:
            if not self.closed:
                if now >= self._until:  # the probe's; a call that was under way when it opened says less
                    self._close(now)
                return
            self._in_a_row = 0
            self._recent.append(False)
            if not any(self._recent):
                self._recent.clear()

    def failure(self, now: float, stay_away_s: float = 0.0, duration_s: float = 0.0) -> None:
        """A call failed after so long. `stay_away_s` is what the other side asked for (Retry-After).

        One that began before the breaker last opened or closed, or long before one that succeeded, tells of a time that
        is over, and must not undo a recovery.
        """
        with self._lock:
            if now - duration_s < max(self._changed, self._well - STRAGGLES_S) and not stay_away_s:
                return
            self._in_a_row += 1
            self._recent.append(True)
            full = len(self._recent) == self.policy.calls and sum(self._recent) >= self.policy.ratio * self.policy.calls
            if not self.closed or stay_away_s > 0 or full or self._in_a_row >= self.policy.failures:
                self._open(now, stay_away_s)

    def state(self, now: float) -> BreakerState:
        """For people and metrics."""
        if self.closed:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self._until else BreakerState.HALF_OPEN

    def _open(self, now: float, stay_away_s: float) -> None:
        wait = min(self.policy.open_s * 2**self._opened, self.policy.longest_s)
        self._until = now + max(wait, stay_away_s)
        self._opened = min(self._opened + 1, 16)
        self._probing_until = 0.0
        self._changed = now
        self.closed = False

    def _close(self, now: float) -> None:
        self._opened = self._in_a_row = 0
        self._changed = now
        self._recent.clear()
        self.closed = True
