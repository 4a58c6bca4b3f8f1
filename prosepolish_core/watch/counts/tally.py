"""What was counted in one bucket of time; tallies add up, in any order."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ...model.latency import BOUNDS_S
from ...model.outcome import Family, Outcome, Tier

Key = tuple[Family, Tier, Outcome]

#: A longer duration, a negative one and NaN are faults of the caller: counted as `bad_duration`, with no time.
LONGEST_S = 86_400.0
#: Words of a step in which its tier was not asked: an answer or a failure like any other, but no time of that tier.
NOT_ASKED = frozenset({"breaker_open", "paced", "no_backend", "unfit_lately"})
#: Words of a step in which another caller's load was waited for, until it ended or the time was up.
WAITED = frozenset({(Tier.REDIS, "coalesced"), (Tier.GEMINI, "coalesced"), (Tier.REDIS, "deadline")})
#: More event names than this in one bucket are counted together as `other_events`.
MOST_EVENTS = 200


@dataclass(slots=True)
class Counted:
    """Calls of one family, tier and outcome.

    `counts` and `sum_s` hold those in which the tier was asked: at most `steps`.
    """

    steps: int = 0
    answers: int = 0
    sum_s: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * len(BOUNDS_S))

    def merge(self, other: "Counted") -> None:
        """Add another's calls."""
        self.steps += other.steps
        self.answers += other.answers
        self.sum_s += other.sum_s
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]


@dataclass(slots=True)
class Tally:
    """Lookups and events of one bucket."""

    lookups: dict[Key, Counted] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)

    def fold(self, calls: Iterable[tuple[Any, ...]]) -> None:
        """Count calls as the recorder noted them: (family, tier, outcome, seconds[, how many]) or (family, trace)."""
        for call in calls:
            try:
                if len(call) == 4:
                    self.step(call[0], call[1], call[2], call[3], answer=True)
                elif len(call) == 5:
                    self.step(call[0], call[1], call[2], call[3], answer=True, times=call[4])
                else:
                    family, trace = call
                    last = len(trace) - 1
                    for index, step in enumerate(trace):
                        waited = step.detail != "" and (step.tier, step.detail) in WAITED
                        timed = not waited and step.detail not in NOT_ASKED
                        self.step(family, step.tier, step.outcome, step.duration_s, answer=index == last, timed=timed)
                        if waited:
                            self.waited(step.duration_s)
            except (TypeError, ValueError, AttributeError):  # a caller's mistake must not stop the counting of the others
                self.count("bad_record", 1)

    def step(
        self, family: Family, tier: Tier, outcome: Outcome, duration_s: float, *, answer: bool, timed: bool = True, times: int = 1
    ) -> None:
        """Count one tier asked once, or the same so many times.

        Raises ValueError for a word outside the closed sets.
        """
        counted = self.lookups.get((family, tier, outcome))
        if counted is None:
            counted = self.lookups[Family(family), Tier(tier), Outcome(outcome)] = Counted()
        if not 0.0 <= duration_s < LONGEST_S:
            self.count("bad_duration", times)
            duration_s = 0.0
        if timed:
            counted.counts[bisect_left(BOUNDS_S, duration_s)] += times
            counted.sum_s += duration_s * times
        counted.steps += times
        counted.answers += times if answer else 0

    def waited(self, duration_s: float) -> None:
        """A caller who waited for another caller's load: no time of Redis, but a total of its own."""
        self.count("coalesced", 1)
        if 0.0 <= duration_s < LONGEST_S:
            self.count("coalesced_ms", round(duration_s * 1000))

    def count(self, name: str, amount: int) -> None:
        """Add to a named event."""
        events = self.events
        if name not in events and len(events) >= MOST_EVENTS:
            name = "other_events"
        events[name] = events.get(name, 0) + amount

    def merge(self, other: "Tally") -> None:
        """Add everything another tally holds."""
        for key, counted in other.lookups.items():
            self.lookups.setdefault(key, Counted()).merge(counted)
        for name, amount in other.events.items():
            self.count(name, amount)
