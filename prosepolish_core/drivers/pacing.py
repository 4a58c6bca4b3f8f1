"""Pacing towards an upstream: a token bucket below its published limit, closed for as long as its Retry-After asks."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

from ..forks import ForkSafeLock

#: We never stay away longer than this, whatever the header says: a wrong clock must not switch a tier off for days.
LONGEST_S = 900.0
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")


def from_headers(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by `Retry-After` (a number, or an HTTP date); None when absent or unreadable."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_S)
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return min(max((instant - now).total_seconds(), 0.0), LONGEST_S)


def from_error(body: Any) -> float | None:
    """Seconds to wait by the `retryDelay` of a Google error body; None when it has none."""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and _SECONDS.fullmatch(delay.removesuffix("s")):
            return min(float(delay.removesuffix("s")), LONGEST_S)
    return None


#: How long to stay away after a refusal that does not say: few calls even so, and what is mended is used again within
#: two seconds.
QUIET_S = 1.5


class Pacer:
    """At most `burst` calls at once and `per_s` sustained; nothing at all until a Retry-After is over. Thread-safe."""

    def __init__(self, per_s: float, burst: int, clock: Callable[[], float] = monotonic) -> None:
        if not per_s > 0 or burst < 1:
            raise ValueError("a pace needs a positive rate and a burst of at least one")
        self._per_s = per_s
        self._burst = float(burst)
        self._clock = clock
        self._lock = ForkSafeLock()
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

    def heed(self, retry_after_s: float | None) -> None:
        """The upstream refused a call, or asked for quiet: for so long, or for a moment when it does not say."""
        self.stay_away(QUIET_S if retry_after_s is None else retry_after_s)

    def stay_away(self, seconds: float) -> None:
        """The upstream asked for `seconds` of quiet. A shorter request never shortens a longer one."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock() + seconds)
