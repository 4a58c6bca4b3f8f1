"""The rows of the campaign: every dependency, lost in every way, for every length, with nobody asking and with many."""

from __future__ import annotations

import random
from typing import NamedTuple

from .faults import FAULTS, REDIS_AND_STORE
from .servers import SERVERS

#: Seconds really waited in every combination, with callers and with nobody asking; in those with callers, and in these
#: two where nobody asks (what then lies idle is cut, or is dead without a word); and what is too long to be waited out
#: by many.
SHORT_S, QUIET_S, LONG_S, VERY_LONG_S = (0.2, 1.0, 5.0, 15.0), (0.2, 5.0), 60.0, 600.0
IDLE_TOO = ("killed", "half-open")


class Row(NamedTuple):
    """One outage. `of_s` is the length it stands for, `away_s` how long the server really is away."""

    dependency: str
    fault: str
    of_s: float
    busy: bool
    away_s: float

    @property
    def name(self) -> str:
        """How the row is called."""
        length = f"{self.of_s / 60:g} min" if self.of_s >= 120 else f"{self.of_s:g} s"
        return f"{self.dependency} {self.fault} {length} {'busy' if self.busy else 'idle'}"

    @property
    def switched(self) -> bool:
        """Whether its stack needs switches."""
        return FAULTS[self.fault].switched

    @property
    def put_together(self) -> bool:
        """Whether it is shorter than what it stands for:
        the callers then ask without a pause, and so come to as many calls.
        """
        return self.of_s > self.away_s


def full() -> list[Row]:
    """All of them. Ten minutes with nobody asking are really waited; with callers, these do not pause for 20 s.

    Nothing of ours asks an upstream by itself: a long outage that no caller sees is none, so those are left out.
    """
    rows = []
    for dependency in SERVERS:
        for name, fault in FAULTS.items():
            if dependency not in fault.of:
                continue
            rows += [Row(dependency, name, length, True, length) for length in SHORT_S]
            rows += [Row(dependency, name, length, False, length) for length in QUIET_S]
            rows.append(Row(dependency, name, LONG_S, True, LONG_S))
            if name in IDLE_TOO:
                rows.append(Row(dependency, name, VERY_LONG_S, True, LONG_S / 3))
                if dependency in REDIS_AND_STORE:
                    rows.append(Row(dependency, name, LONG_S, False, LONG_S))
        if dependency in REDIS_AND_STORE:
            rows.append(Row(dependency, "killed", VERY_LONG_S, False, VERY_LONG_S))
    return rows


def small() -> list[Row]:
    """A few that once did not come back: for `make test`, and for a look in between."""
    return [
        Row("postgres", "half-open", 6.0, True, 6.0),
        Row("cache", "password", 1.0, True, 1.0),
        Row("state", "stopped", 1.0, False, 1.0),
    ]


def ordered(rows: list[Row], seed: int) -> list[Row]:
    """Shuffled, so that no row always follows the same one;
    the longest first, so that no lane is left with one at the end.
    """
    shuffled = random.Random(seed).sample(rows, len(rows))
    return sorted(shuffled, key=lambda row: -row.away_s if row.away_s >= LONG_S else 0.0)
