"""Lookup: the answer to one word, with the trace of how it was found."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
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

    @cached_property
    def entry(self) -> Entry | None:
        """The entry, built when first asked for: the hot path pays for decoding, not for objects nobody reads."""
        return None if self.plain is None else Entry.from_dict(self.plain)

    def __repr__(self) -> str:
        return f"Lookup({self.word!r}, {self.outcome}, tier={self.tier}, degraded={self.degraded})"
