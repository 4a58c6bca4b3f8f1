"""What lookups of words would have asked of the dictionary API without any cache. It is free: none of it is money."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..model.counts import LookupCounts
from ..model.outcome import FAILED, HITS, Family, Outcome, Tier
from .savings import Assumptions

#: Bytes of one answer of the dictionary API, as the project's formula has them: what is sent is not measured.
ANSWER_BYTES = Assumptions().bytes_per_lookup
#: Who spared a call: Redis, PostgreSQL, or another caller's load that was waited for.
SPARED_BY = (Tier.REDIS.value, Tier.POSTGRES.value, Outcome.COALESCED.value)


@dataclass(frozen=True, slots=True)
class ApiSpared:
    """Calls not made, by who spared them; of all `lookups` that were answered.

    `waiting_s` is None where the API was never asked: then nobody knows how long it takes.
    """

    calls: Mapping[str, int] = field(default_factory=dict)
    lookups: int = 0
    waiting_s: float | None = None

    @property
    def total(self) -> int:
        """All calls not made."""
        return sum(self.calls.values())

    @property
    def ratio(self) -> float | None:
        """Share of the answered lookups that needed no call."""
        return self.total / self.lookups if self.lookups else None


def api_spared(rows: Iterable[LookupCounts], call_s: float | None = None) -> ApiSpared:
    """A call takes as long as those of the same rows did, or `call_s`; the time that the answer took is taken off."""
    words = [row for row in rows if row.family == Family.DICTIONARY]
    calls = dict.fromkeys(SPARED_BY, 0)
    found = took_s = 0.0
    for row in words:
        if row.outcome == Outcome.COALESCED:
            calls[Outcome.COALESCED] += row.answers
        elif row.tier in calls and row.outcome in HITS:
            calls[row.tier] += row.answers
            found += row.answers
            took_s += row.sum_s
    each_s = call_s if call_s is not None else api_call_s(words)
    waiting = None if each_s is None else max(0.0, found * each_s - took_s)
    return ApiSpared(calls, sum(row.answers for row in words), waiting)


def api_call_s(rows: Iterable[LookupCounts]) -> float | None:
    """How long a call of the dictionary API took on average; None where none was answered."""
    asked = [row for row in rows if row.tier == Tier.DICTIONARY_API and row.outcome not in FAILED | {Outcome.COALESCED}]
    calls = sum(row.steps for row in asked)
    return sum(row.sum_s for row in asked) / calls if calls else None
