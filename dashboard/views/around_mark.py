"""Before and after a mark: percentiles of each tier on either side, from the same histograms as the page."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from prosepolish_core.model.counts import LatencyBuckets
from prosepolish_core.model.series import Mark

from .latency import Spread, spreads

#: What may explain a change, the likeliest first; a gap in the readings explains nothing.
KINDS = ("deploy", "config", "failover", "swap", "restart", "flush")


class TierChange(NamedTuple):
    """One tier on either side of the mark; None where it was not asked there."""

    tier: str
    before: Spread | None
    after: Spread | None


class AroundMark(NamedTuple):
    """The mark, and every tier before and after it."""

    mark: Mark
    tiers: tuple[TierChange, ...]


def chosen(marks: Sequence[Mark]) -> Mark | None:
    """The newest deploy; without one the newest of what else may explain a change."""
    fit = [mark for mark in marks if mark.kind in KINDS]
    return max(fit, key=lambda mark: (mark.kind == "deploy", mark.ts), default=None)


def around(rows: Sequence[LatencyBuckets], marks: Sequence[Mark]) -> AroundMark | None:
    """None without a mark. The bucket in which the mark lies holds calls of both sides and is left out."""
    mark = chosen(marks)
    if mark is None:
        return None
    instants = sorted({row.ts for row in rows})
    width = min((b - a for a, b in pairwise(instants)), default=timedelta(0))
    before = {s.tier: s for s in spreads([row for row in rows if row.ts + width <= mark.ts])}
    after = {s.tier: s for s in spreads([row for row in rows if row.ts >= mark.ts])}
    order = [*before, *(tier for tier in after if tier not in before)]
    return AroundMark(mark, tuple(TierChange(tier, before.get(tier), after.get(tier)) for tier in order))
