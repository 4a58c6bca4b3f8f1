"""Lookup: the answer to one word, with the trace of how it was found."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .entry import Entry
from .outcome import Outcome, Tier
from .trace import Trace

FREE = Decimal(0)


class Lookup:
    """What `core.dictionary.lookup` gives. Treat it as read-only.

    `word` is the normalised word. `entry` is None when nobody knows the word: `negative_hit` when a tier said so,
    `miss` when no tier that could know was asked. `tier` is where the answer came from. `cost_usd` is what this call
    cost; None when a model was paid whose price is unknown. `age_s` is the age of the answer, None when it is fresh.
    `degraded` says that a tier could not do its work on the way.
    """

    __slots__ = ("_entry", "age_s", "cost_usd", "degraded", "outcome", "plain", "tier", "trace", "word")
    _entry: Entry | None

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
        self.age_s = age_s
        self.degraded = degraded

    @property
    def entry(self) -> Entry | None:
        """The entry, built when first asked for: the hot path pays for decoding, not for objects nobody reads."""
        try:
            return self._entry
        except AttributeError:
            self._entry = None if self.plain is None else Entry.from_dict(self.plain)
            return self._entry

    def __repr__(self) -> str:
        return f"Lookup({self.word!r}, {self.outcome}, tier={self.tier}, degraded={self.degraded})"


def fresh_hits(
    words: Iterable[str],
    plains: Iterable[Mapping[str, Any]],
    ages_s: Iterable[float],
    tier: Tier,
    outcome: Outcome,
    trace: Trace,
) -> list[Lookup]:
    """A Lookup for each of many words that one step answered alike, free and undegraded. As `Lookup(...)`, without a call each."""
    found, new, free = [], Lookup.__new__, FREE
    for word, plain, age_s in zip(words, plains, ages_s, strict=True):
        hit = new(Lookup)
        hit.word = word
        hit.plain = plain
        hit.tier = tier
        hit.outcome = outcome
        hit.trace = trace
        hit.cost_usd = free
        hit.age_s = age_s
        hit.degraded = False
        found.append(hit)
    return found
