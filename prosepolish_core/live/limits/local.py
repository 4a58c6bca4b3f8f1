"""The limiter of one process, exact, for the time Redis is away: this process's share of every limit."""

from collections import deque
from collections.abc import Callable, Sequence

from ...forks import ForkSafeLock
from ...model.limit import Limit, LimitState, Outage
from .wire import Plan

#: Most counted subjects. Beyond it, those whose hits no longer count are forgotten; a new one is denied while all
#: count.
MOST_SUBJECTS = 50_000


#: Hits of one subject kept one by one; of larger limits they are gathered in a thousandth of the window.
MOST_HITS = 1_000


class _Log:
    """Hits of one subject: (instant, cost) pairs, their sum, and when the last of them stops to count."""

    __slots__ = ("hits", "until", "used")

    def __init__(self) -> None:
        self.hits: deque[tuple[int, int]] = deque()
        self.used = 0
        self.until = 0


class LocalLimits:
    """Sliding logs in memory. The share of a limit is limit ÷ workers, rounded down, at least 1 (0 stays 0).

    Every algorithm becomes a log here, which is stricter than a fixed window or GCRA.
    """

    def __init__(self, workers: int, clock_us: Callable[[], int], most: int = MOST_SUBJECTS) -> None:
        self._workers = workers
        self._clock_us = clock_us
        self._most = most
        self._lock = ForkSafeLock()
        self._logs: dict[str, _Log] = {}
        self._swept_at = 0

    def share(self, limit: Limit) -> int:
        """How much of a limit this process may spend by itself."""
        return limit.amount and max(1, limit.amount // self._workers)

    def check(self, plan: Plan, keys: Sequence[str], *, charge: bool) -> tuple[bool, int, tuple[LimitState, ...]]:
        """Test every limit, then charge all that count here or none; gives (allowed, now, states)."""
        with self._lock:
            now = self._clock_us()
            states = [self._test(key, limit, plan.cost, now) for key, limit in zip(keys, plan.limits, strict=True)]
            allowed = all(not state.retry_after_us or state.limit.shadow for state in states)
            if allowed and charge:
                states = [self._charged(key, state, plan.cost, now) for key, state in zip(keys, states, strict=True)]
        return allowed, now, tuple(states)

    def _test(self, key: str, limit: Limit, cost: int, now: int) -> LimitState:
        window = limit.per_s * 1_000_000
        if limit.outage is Outage.ALLOW:
            return LimitState(limit, limit.amount, 0, now)
        if limit.outage is Outage.REFUSE or cost > limit.amount:
            return LimitState(limit, 0, -1 if cost > limit.amount else 1_000_000, now + 1_000_000)
        log = self._logs.get(key)
        share = self.share(limit)
        if log is None:
            if share < cost or not self._has_room(now):
                return LimitState(limit, share, window, now + window)
            return LimitState(limit, share, 0, now)
        while log.hits and log.hits[0][0] <= now - window:
            log.used -= log.hits.popleft()[1]
        over = log.used + cost - share
        left = max(share - log.used, 0)
        if over <= 0:
            return LimitState(limit, left, 0, log.until)
        for stamp, spent in log.hits:
            over -= spent
            if over <= 0:
                return LimitState(limit, left, stamp + window - now, log.until)
        return LimitState(limit, left, window, log.until)

    def _charged(self, key: str, state: LimitState, cost: int, now: int) -> LimitState:
        limit = state.limit
        if limit.outage is not Outage.LOCAL or state.retry_after_us:
            return state
        log = self._logs.setdefault(key, _Log())
        # Gathered hits count as of the end of their thousandth: stricter, by that much and no more. (As of the latest
        # hit, steady traffic would move them along for ever, and honest callers would be refused in the end.)
        grain = limit.per_s * 1_000 if limit.amount > MOST_HITS else 1
        stamp = -(-now // grain) * grain
        if log.hits and log.hits[-1][0] == stamp:
            log.hits[-1] = (stamp, log.hits[-1][1] + cost)
        else:
            log.hits.append((stamp, cost))
        log.until = stamp + limit.per_s * 1_000_000
        log.used += cost
        return state._replace(remaining=state.remaining - cost, reset_us=log.until)

    def _has_room(self, now: int) -> bool:
        """Room for one more subject; when there is none, forgets subjects whose hits no longer count,
        once a second at most.
        """
        if len(self._logs) < self._most:
            return True
        if now >= self._swept_at + 1_000_000:
            self._swept_at = now
            for key in [key for key, log in self._logs.items() if log.until <= now]:
                del self._logs[key]
        return len(self._logs) < self._most
