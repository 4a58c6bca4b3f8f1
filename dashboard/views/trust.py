"""The trust line: how old, how complete and from where the numbers of a page are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from prosepolish_core.calc.freshness import limit_s
from prosepolish_core.model.series import Coverage, Mark, Pulse
from prosepolish_core.model.window import Window

OWN_COUNTS = "the core's own counters"
#: Kinds of marks after which counters start again from zero.
RESETS = frozenset({"restart", "resetstat", "failover", "swap"})


@dataclass(frozen=True, slots=True)
class Trust:
    """`newest_age_s` and `coverage` are None without any sample, `resets` where none could be seen.

    `at`: when this was read.

    `every_s`: the usual seconds between two samples, where that is known. `note`: what else decides how far to trust.
    """

    newest_age_s: float | None
    coverage: float | None
    resets: int | None
    source: str
    at: datetime | None = None
    every_s: float | None = None
    note: str = ""

    def aged(self, now: datetime) -> "Trust":
        """The same trust as it is now: a page may show what was read some seconds ago."""
        if self.at is None or self.newest_age_s is None:
            return self
        return replace(self, newest_age_s=self.newest_age_s + max(0.0, (now - self.at).total_seconds()), at=now)

    @property
    def stale(self) -> bool:
        """Whether the newest sample is too old to speak of now."""
        return self.newest_age_s is None or self.newest_age_s > limit_s(self.every_s)


#: Counts of the core lie in buckets of 10 s, are flushed every 5 s and settle within 30.
COUNTS_EVERY_S = 20.0


def of_samples(
    coverage: Coverage, marks: Sequence[Mark], source: str, at: datetime | None = None, pulses: Sequence[Pulse] = ()
) -> Trust:
    """Trust in numbers read by a collector, whose newest runs are the pulses."""
    every_s = max(pulses, key=lambda pulse: pulse.ts).every_s if pulses else None
    return Trust(coverage.newest_age_s, coverage.ratio, sum(m.kind in RESETS for m in marks), source, at, every_s)


def of_server(source: str, read_at: datetime | None, marks: Sequence[Mark], pulses: Sequence[Pulse], now: datetime) -> Trust:
    """Trust in the numbers of one server: the age of its own newest reading, and its own resets."""
    age_s = None if read_at is None else max(0.0, (now - read_at).total_seconds())
    resets = sum(mark.kind in RESETS for mark in marks if mark.source == source)
    every_s = next((pulse.every_s for pulse in pulses if pulse.source == source), None)
    return Trust(age_s, None, resets, f"INFO of {source}", now, every_s)


def oldest(trust: Trust, read_at: Mapping[str, datetime], now: datetime) -> Trust:
    """The same trust with the age of that server which has not been read for longest: none hides behind another."""
    if not read_at:
        return trust
    source = min(read_at, key=lambda name: read_at[name])
    age_s = max(0.0, (now - read_at[source]).total_seconds())
    found = replace(trust, newest_age_s=age_s)
    return replace(found, source=f"{trust.source} ({source})") if found.stale else found


def of_counts(newest: datetime | None, window: Window, instants: Sequence[datetime], source: str) -> Trust:
    """Trust in numbers counted by the core: `instants` are the buckets that hold a count."""
    distinct = sorted(set(instants))
    covered = None
    if len(distinct) > 1:
        step = min((b - a).total_seconds() for a, b in pairwise(distinct))
        covered = min(1.0, len(distinct) * step / window.seconds)
    elif distinct:
        covered = 0.0
    age = (window.end - newest).total_seconds() if newest else None
    return Trust(None if age is None else max(0.0, age), covered, None, source, window.end, COUNTS_EVERY_S)
