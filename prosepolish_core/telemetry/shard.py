"""The counters of one thread: written by that thread alone, read by the flusher, so neither needs a lock.

Counters only grow. The flusher takes what grew since it looked last, so nothing is ever reset under the writer.
"""

from ..model.latency import BOUNDS_S
from ..model.outcome import Family, Outcome, Tier

Key = tuple[Family, Tier, Outcome]

#: More event names than this in one thread are counted together as `other_events`.
MOST_EVENTS = 200


class Cell:
    """A growing latency histogram of one family, tier and outcome."""

    __slots__ = ("_seen", "_seen_sum", "counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * len(BOUNDS_S)
        self.sum_s = 0.0
        self._seen = self.counts.copy()
        self._seen_sum = 0.0

    def take(self) -> tuple[list[int], float] | None:
        """What was added since the last take, or None. Only for the flusher."""
        counts, sum_s = self.counts.copy(), self.sum_s
        if counts == self._seen:
            return None
        grown = [now - before for now, before in zip(counts, self._seen, strict=True)], sum_s - self._seen_sum
        self._seen, self._seen_sum = counts, sum_s
        return grown


class Shard:
    """All counters of one thread. `answers` are last steps of a call, `steps` the ones before."""

    __slots__ = ("_seen_events", "answers", "events", "steps")

    def __init__(self) -> None:
        self.answers: dict[Key, Cell] = {}
        self.steps: dict[Key, Cell] = {}
        self.events: dict[str, int] = {}
        self._seen_events: dict[str, int] = {}

    def count(self, name: str, amount: int) -> None:
        """Add to a named event."""
        events = self.events
        if name not in events and len(events) >= MOST_EVENTS:
            name = "other_events"
        events[name] = events.get(name, 0) + amount

    def take_events(self) -> dict[str, int]:
        """Events counted since the last take. Only for the flusher."""
        now = self.events.copy()
        grown = {name: count - self._seen_events.get(name, 0) for name, count in now.items()}
        self._seen_events = now
        return {name: amount for name, amount in grown.items() if amount}
