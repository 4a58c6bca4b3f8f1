"""The trust line: how old, how complete and from where the numbers of a page are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from prosepolish_core.model.series import Coverage, Mark
from prosepolish_core.model.window import Window

#: The collector whose runs the coverage of INFO is judged by.
INFO = "redis_info"
OWN_COUNTS = "the core's own counters"
#: Kinds of marks after which counters start again from zero.
RESETS = frozenset({"restart", "resetstat", "failover", "swap"})


@dataclass(frozen=True, slots=True)
class Trust:
    """`newest_age_s` and `coverage` are None without any sample, `resets` where none could be seen. `at`: when this was read."""

    newest_age_s: float | None
    coverage: float | None
    resets: int | None
    source: str
    at: datetime | None = None

    def aged(self, now: datetime) -> "Trust":
        """The same trust as it is now: a page may show what was read some seconds ago."""
        if self.at is None or self.newest_age_s is None:
            return self
        return replace(self, newest_age_s=self.newest_age_s + max(0.0, (now - self.at).total_seconds()), at=now)

    @property
    def stale(self) -> bool:
        """Whether the newest sample is too old to speak of now."""
        return self.newest_age_s is None or self.newest_age_s > STALE_S


STALE_S = 60.0


def of_samples(coverage: Coverage, marks: Sequence[Mark], source: str, at: datetime | None = None) -> Trust:
    """Trust in numbers read by a collector."""
    return Trust(coverage.newest_age_s, coverage.ratio, sum(m.kind in RESETS for m in marks), source, at)


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
    return Trust(None if age is None else max(0.0, age), covered, None, source, window.end)
