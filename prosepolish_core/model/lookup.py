"""Lookup: the answer to one word, with the trace of how it was found."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .entry import Entry
from .outcome import Outcome, Tier, Trace

FREE = Decimal(0)


class Lookup:
    """What `core.dictionary.lookup` gives. Treat it as read-only.

    `word` is the normalised word. `entry` is None when nobody knows the word: `negative_hit` when a tier said so,
    `miss` when no tier that could know was asked. `tier` is where the answer came from. `cost_usd` is what this call
    cost; None when a model was paid whose price is unknown. `age_s` is the age of the answer, None when it is fresh.
    `degraded` says that a tier could not do its work on the way.
    """

    __slots__ = ("_age_s", "_entry", "_lived_ms", "cost_usd", "degraded", "outcome", "plain", "tier", "trace", "word")
    _entry: Entry | None
    _age_s: float | None
    _lived_ms: tuple[int, int]

    def __init__(
        self,
        word: str,
        plain: Mapping[str, Any] | None,
        tier: Tier | None,
        outcome: Outcome,
        trace: Trace,
        cost_usd: Decimal | None = FREE,
        age_s: float | None = None,
        degraded: bool = False,
    ) -> None:
        self.word = word
        self.plain = plain
        self.tier = tier
        self.outcome = outcome
        self.trace = trace
        self.cost_usd = cost_usd
        self._age_s = age_s
        self.degraded = degraded

    @property
    def entry(self) -> Entry | None:
        """The entry, built when first asked for: the hot path pays for decoding, not for objects nobody reads."""
        try:
            return self._entry
        except AttributeError:
            self._entry = None if self.plain is None else Entry.from_dict(self.plain)
            return self._entry

    @property
    def age_s(self) -> float | None:
        """How old the answer is in seconds; None when it is fresh from its source."""
        try:
            return self._age_s
        except AttributeError:
            created_ms, seen_ms = self._lived_ms
            self._age_s = max(0, seen_ms - created_ms) / 1000  # the clock of another process may run ahead
            return self._age_s

    def __repr__(self) -> str:
        return f"Lookup({self.word!r}, {self.outcome}, tier={self.tier}, degraded={self.degraded})"


class RedisHit(Lookup):
    """A fresh value found in Redis.

    What all such answers share lies in the class: a batch need not write it a hundred times.
    """

    __slots__ = ()
    tier = Tier.REDIS
    outcome = Outcome.HIT
    cost_usd = FREE
    degraded = False


def redis_hits(
    words: Iterable[str], plains: Iterable[Mapping[str, Any]], lives_ms: Iterable[tuple[int, int]], trace: Trace
) -> list[Lookup]:
    """A Lookup for each of many words that Redis answered at once. As `Lookup(...)`, without a call each.

    `lives_ms` are the instants at which each value was made and was read.
    """
    found: list[Lookup] = []
    new = RedisHit.__new__
    for word, plain, lived_ms in zip(words, plains, lives_ms, strict=True):
        hit = new(RedisHit)
        hit.word = word
        hit.plain = plain
        hit.trace = trace
        hit._lived_ms = lived_ms  # noqa: SLF001 - a Lookup of ours
        found.append(hit)
    return found
