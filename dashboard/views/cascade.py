"""How 100 lookups fall through the four tiers, with each tier's p50 and price."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from prosepolish_core.calc import numbers
from prosepolish_core.model.counts import LatencyBuckets
from prosepolish_core.model.outcome import HITS, Family, Outcome, Tier

from . import latency
from .names import tier_label


class Fall(NamedTuple):
    """One tier, per 100 lookups: how many reached it, how many it answered, in how many it failed.

    `note` says time and price.
    """

    tier: str
    label: str
    reached: float
    answered: float
    note: str
    failed: float = 0.0


def falls(found: pd.DataFrame, histograms: Sequence[LatencyBuckets], paid_usd: Decimal | None = None) -> list[Fall]:
    """The dictionary family's lookups, per 100 of those that reached the first tier. Empty when there were none."""
    words = found[found["family"] == Family.DICTIONARY]
    reached = words.groupby("tier")["steps"].sum()
    # The tier whose word was final: "no such word" of the API is put to the LLM, and then counts for the LLM alone.
    answered = words[words["outcome"].isin(HITS)].groupby("tier")["answers"].sum()
    failures = words.groupby("tier")["failures"].sum()
    lookups = float(reached.get(Tier.REDIS.value, 0))
    if not lookups:
        return []
    waited = 100 * float(words[words["outcome"] == Outcome.COALESCED]["answers"].sum()) / lookups
    spreads = {s.tier: s for s in latency.spreads([h for h in histograms if h.family == Family.DICTIONARY])}
    result = []
    for tier in Tier:
        share = 100 * float(reached.get(tier.value, 0)) / lookups
        hits = 100 * float(answered.get(tier.value, 0)) / lookups
        failed = 100 * float(failures.get(tier.value, 0)) / lookups
        note = _note(tier, hits, spreads.get(tier.value), paid_usd)
        if failed:
            note += f" · {few(failed)} failed"
        result.append(Fall(tier.value, tier_label(tier), share, hits, note, failed))
    if waited:  # no tier's own doing: they had their answer from a load that another caller had begun
        result[0] = result[0]._replace(note=f"{result[0].note} · {few(waited)} of 100 waited for another caller's load")
    return result


def few(share: float) -> str:
    """One digit after the point; what is less than that is not nothing."""
    return "< 0.1" if 0 < share < 0.05 else f"{share:.1f}"


def _note(tier: Tier, hits: float, spread: latency.Spread | None, paid_usd: Decimal | None) -> str:
    if spread is None:
        return "not asked"
    parts = [f"answers {few(hits)} of 100", f"p50 {numbers.duration(spread.p50)}"]
    if tier is Tier.GEMINI and paid_usd is not None:
        parts.append(f"{numbers.usd(paid_usd)} a call")
    return " · ".join(parts)
