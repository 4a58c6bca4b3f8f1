"""What was counted in one bucket of time; tallies add up, in any order."""

from dataclasses import dataclass, field

from ..model.latency import BOUNDS_S
from .shard import Key


@dataclass(slots=True)
class Counted:
    """The increase of one family, tier and outcome."""

    steps: int = 0
    answers: int = 0
    sum_s: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * len(BOUNDS_S))

    def add(self, counts: list[int], sum_s: float, *, answers: int, steps: int) -> None:
        """Add another increase."""
        self.steps += steps
        self.answers += answers
        self.sum_s += sum_s
        self.counts = [a + b for a, b in zip(self.counts, counts, strict=True)]


@dataclass(slots=True)
class Tally:
    """Lookups and events of one bucket."""

    lookups: dict[Key, Counted] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)

    def grow(self, key: Key, counts: list[int], sum_s: float, *, answered: bool) -> None:
        """Add the increase of one cell."""
        calls = sum(counts)
        self.lookups.setdefault(key, Counted()).add(counts, sum_s, answers=calls if answered else 0, steps=calls)

    def count(self, name: str, amount: int) -> None:
        """Add to a named event."""
        self.events[name] = self.events.get(name, 0) + amount

    def merge(self, other: "Tally") -> None:
        """Add everything another tally holds."""
        for key, counted in other.lookups.items():
            mine = self.lookups.setdefault(key, Counted())
            mine.add(counted.counts, counted.sum_s, answers=counted.answers, steps=counted.steps)
        for name, amount in other.events.items():
            self.count(name, amount)
