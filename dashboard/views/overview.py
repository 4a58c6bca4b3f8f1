"""Overview: the rules first, then the headline numbers, then how lookups fall through the tiers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pandas as pd

from prosepolish_core.calc import numbers
from prosepolish_core.model.outcome import Family, Tier
from prosepolish_core.model.series import Numbers
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader, TelemetryReader

from . import counts, hit_rate, latency, memory, savings
from .cascade import Fall, falls
from .rule_board import RuleBoard
from .trust import Trust

POINTS = 60
WORDS = ((Family.DICTIONARY, Tier.REDIS),)


@dataclass(frozen=True, slots=True)
class Headline:
    """A number with its recent course (evenly spaced); `value` is None where nothing was counted."""

    value: float | None
    course: Numbers


@dataclass(frozen=True, slots=True)
class OverviewView:
    """Everything the Overview shows, except what the dependencies answer right now."""

    window: Window
    trust: Trust
    rules: RuleBoard
    hit_rate: Headline
    lookups: Headline
    memory: Headline
    memory_limit: float | None
    memory_old: str
    hit_note: str
    avoided: Headline
    avoided_usd: Decimal
    spreads: tuple[latency.Spread, ...]
    p95: dict[str, Numbers]
    falls: tuple[Fall, ...]

    def p95_of(self, tier: str) -> float | None:
        """What 95 of 100 calls to the tier took at most; None where it was not asked."""
        return next((spread.p95 for spread in self.spreads if spread.tier == tier), None)


def build(
    samples: SampleReader,
    telemetry: TelemetryReader,
    window: Window,
    *,
    targets: Sequence[str] = (),
    rules: RuleBoard | None = None,
) -> OverviewView:
    """Read and compute. Raises StoreUnavailable."""
    found = counts.frame(telemetry.lookups(window, POINTS))
    histograms = telemetry.latency(window, POINTS)
    servers = memory.build(samples, window, targets)
    money = savings.build(samples, telemetry, window)
    rates = hit_rate.tier_rates(found)
    spreads = latency.spreads(histograms, found)
    cache = next((i for i in servers.instances if i.source == "cache"), None)
    paid = money.sums.paid.usd_per_call
    return OverviewView(
        window,
        replace(servers.oldest, source=f"{servers.oldest.source} and the core's own counters"),
        rules or RuleBoard(),
        _words(rates, found, window),
        _throughput(found, window),
        _memory(cache),
        cache.limit if cache else np.nan,
        _old(cache),
        hit_rate.told(hit_rate.of_words(rates, Tier.REDIS)) or "dictionary, tier 1",
        Headline(float(money.sums.avoided.usd), np.cumsum(money.avoided_usd)),
        money.sums.avoided.usd,
        tuple(spreads),
        {line.tier: _finite(line.of["p95"]) for line in latency.lines(histograms)},
        tuple(falls(found, histograms, paid)),
    )


def _words(rates: list[hit_rate.TierRate], found: pd.DataFrame, window: Window) -> Headline:
    row = hit_rate.of_words(rates, Tier.REDIS)
    course = next((line.ratio for line in hit_rate.rate_lines(found, window, WORDS)), np.array([]))
    return Headline(row.ratio if row and row.asked else None, _finite(course) * 100)


def _throughput(found: pd.DataFrame, window: Window) -> Headline:
    """Answers per second over the part of the window that holds counts, and per bucket."""
    index, answers = counts.per_bucket(found, "answers", window)
    if not len(index):
        return Headline(None, np.array([]))
    per_s = answers / counts.width_s(found)
    return Headline(float(per_s.mean()), per_s)


def _memory(cache: memory.ServerMemory | None) -> Headline:
    used = cache.gauges.get("used_memory") if cache else None
    known = cache is not None and np.isfinite(cache.used)
    return Headline(cache.used if cache and known else None, _finite(used.last) if used else np.array([]))


def _old(cache: memory.ServerMemory | None) -> str:
    """Since when the cache's memory is not known."""
    if cache is None or np.isfinite(cache.used) or cache.trust.newest_age_s is None:
        return ""
    return f"{numbers.size(cache.last_used)} {numbers.age(cache.trust.newest_age_s)} ago"


def _finite(values: Numbers) -> Numbers:
    return values[np.isfinite(values)]
