"""Hit rate: what each tier answers of what reaches it, per key family, with its interval;
the server's own rate beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from prosepolish_core.calc import numbers
from prosepolish_core.calc.evidence import FAILING
from prosepolish_core.calc.miss_causes import MissCauses, causes
from prosepolish_core.calc.ratios import wilson
from prosepolish_core.model.outcome import Family, Tier
from prosepolish_core.model.series import Instants, Mark, Numbers
from prosepolish_core.model.targets import ENOUGH_LOOKUPS, HIT_TARGETS, TOLERANCE
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader, TelemetryReader

from . import attribution, counts
from .marks import TIERS, about
from .trust import OWN_COUNTS, Trust, of_counts

POINTS = 60
#: Buckets are widened until a usual one holds this many lookups, but never to fewer than so many.
ENOUGH_IN_A_BUCKET, FEWEST_BUCKETS = 30, 8
GAP = (np.nan, np.nan)
#: The lines worth drawing: Redis for words and corrections, PostgreSQL for words.
LINES = ((Family.DICTIONARY, Tier.REDIS), (Family.LLM, Tier.REDIS), (Family.DICTIONARY, Tier.POSTGRES))
SERVER = ("keyspace_hits", "keyspace_misses")
#: The lookups among them that our own collectors caused, from the footprint ledger.
OURS = {"collector_hits": "keyspace_hits", "collector_misses": "keyspace_misses"}


@dataclass(frozen=True, slots=True)
class TierRate:
    """One tier for one key family over the window. `low` and `high` bound the ratio with 95 % confidence (Wilson)."""

    family: str
    tier: str
    hits: int
    misses: int
    failures: int
    ratio: float
    low: float
    high: float
    target: float | None

    @property
    def asked(self) -> int:
        """Lookups that reached the tier and were answered yes or no; failures stand apart."""
        return self.hits + self.misses

    @property
    def failing(self) -> float:
        """Share of all calls to the tier in which it could not do its work."""
        calls = self.asked + self.failures
        return self.failures / calls if calls else 0.0

    @property
    def good(self) -> bool | None:
        """Whether the target is met; None where nothing is promised or too little was counted.

        A tier whose calls fail is not good, whatever it says to the rest.
        """
        if self.target is None or self.asked + self.failures < ENOUGH_LOOKUPS:
            return None
        return self.failing < FAILING and self.ratio >= self.target - TOLERANCE


@dataclass(frozen=True, slots=True)
class RateLine:
    """The rate per bucket with its interval; NaN where nothing was asked."""

    family: str
    tier: str
    ts: Instants
    ratio: Numbers
    low: Numbers
    high: Numbers


@dataclass(frozen=True, slots=True)
class ServerRate:
    """The server's keyspace hit rate, less the `ours` key reads that our collectors caused.

    It still counts other people's probes and the limiter's traffic, so it is not the cache hit rate.
    """

    source: str
    hits: float
    misses: float
    ours: float = 0.0

    @property
    def ratio(self) -> float | None:
        """Hits of all key reads of that server; None when there were none."""
        total = self.hits + self.misses
        return self.hits / total if total else None


@dataclass(frozen=True, slots=True)
class HitRateView:
    """Everything the Hit rate page shows."""

    window: Window
    trust: Trust
    rates: tuple[TierRate, ...]
    lines: tuple[RateLine, ...]
    server: tuple[ServerRate, ...]
    marks: tuple[Mark, ...]
    families: attribution.Attribution
    causes: MissCauses


def build(samples: SampleReader, telemetry: TelemetryReader, window: Window) -> HitRateView:
    """Read and compute. Raises StoreUnavailable."""
    found = counts.frame(telemetry.lookups(window, POINTS))
    newest = telemetry.newest()
    rates = tier_rates(found)
    families = attribution.build(samples, window, {r.family: (r.hits, r.misses) for r in rates if r.tier == Tier.REDIS})
    return HitRateView(
        window,
        of_counts(newest, window, list(found["ts"]), OWN_COUNTS),
        tuple(rates),
        tuple(rate_lines(found, window)),
        tuple(server_rates(samples, window)),
        about(samples.marks(window), *TIERS),
        families,
        _causes(found, rates, families),
    )


def _causes(found: pd.DataFrame, rates: Sequence[TierRate], families: attribution.Attribution) -> MissCauses:
    """Why words were not in Redis, by what PostgreSQL said of them."""
    redis, postgres = of_words(rates, Tier.REDIS), of_words(rates, Tier.POSTGRES)
    words = next((row for row in families.rows if row.family == Family.DICTIONARY), None)
    if redis is None:
        return MissCauses(0.0)
    waited = int(found[(found["family"] == Family.DICTIONARY) & (found["tier"] == Tier.REDIS)]["waited"].sum())
    below = (postgres.hits, postgres.misses) if postgres else (0, 0)
    removed = (words.expired, words.evicted) if words else (None, None)
    return causes(redis.asked, redis.misses, waited, *below, *removed)


def tier_rates(found: pd.DataFrame) -> list[TierRate]:
    """One row per family and tier that was asked, families and tiers in their usual order.

    Paying tiers have no hit rate.
    """
    caches = found[found["tier"].isin([Tier.REDIS, Tier.POSTGRES])]
    totals = caches.groupby(["family", "tier"])[["hits", "misses", "failures"]].sum()
    rates = []
    for family, tier, hits, misses, failures in totals.reset_index().itertuples(index=False):
        low, high = wilson(hits, hits + misses)
        ratio = hits / (hits + misses) if hits + misses else float("nan")
        rates.append(TierRate(family, tier, hits, misses, failures, ratio, low, high, _target(family, tier)))
    families = [f.value for f in Family]
    return sorted(rates, key=lambda r: (families.index(r.family) if r.family in families else 99, counts.ORDER.index(r.tier)))


def rate_lines(found: pd.DataFrame, window: Window, chosen: Sequence[tuple[Family, Tier]] = LINES) -> list[RateLine]:
    """The rate of the cache per bucket, for each family and tier chosen."""
    lines = []
    for family, tier in chosen:
        part = found[(found["family"] == family) & (found["tier"] == tier)]
        if part.empty:
            continue
        index = counts.buckets(found, window)
        summed = part.groupby("ts")[["hits", "misses"]].sum().reindex(index, fill_value=0)
        index, summed = widened(index, summed)
        hits, asked = summed["hits"].to_numpy(float), (summed["hits"] + summed["misses"]).to_numpy(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(asked > 0, hits / asked, np.nan)
        bounds = np.array([wilson(int(h), int(n)) if n else GAP for h, n in zip(hits, asked, strict=True)]).reshape(-1, 2)
        lines.append(RateLine(family, tier, counts.instants(index), ratio, bounds[:, 0], bounds[:, 1]))
    return lines


def widened(index: pd.DatetimeIndex, summed: pd.DataFrame) -> tuple[pd.DatetimeIndex, pd.DataFrame]:
    """Neighbouring buckets put together until a usual one holds enough lookups to say something about their rate."""
    usual = float(summed.sum(axis=1).mean()) if len(summed) else 0.0
    together = min(max(1, ceil(ENOUGH_IN_A_BUCKET / usual)), max(1, len(summed) // FEWEST_BUCKETS)) if usual else 1
    if together == 1:
        return index, summed
    groups = np.arange(len(summed)) // together
    return index[::together], summed.groupby(groups).sum()


def server_rates(samples: SampleReader, window: Window) -> list[ServerRate]:
    """The keyspace hit rate of each observed server, from reset-safe increases, without our own collectors' lookups."""
    sums: dict[str, dict[str, float]] = {}
    for series in samples.increases((*SERVER, *OURS), window, points=1):
        of_source = sums.setdefault(series.key.source, {})
        of_source[series.key.metric] = of_source.get(series.key.metric, 0.0) + float(np.nansum(series.increase))
    rates = []
    for source, of in sorted(sums.items()):
        if of.keys() & set(SERVER):
            hits, misses = (max(0.0, of.get(theirs, 0.0) - of.get(ours, 0.0)) for ours, theirs in OURS.items())
            rates.append(ServerRate(source, hits, misses, sum(of.get(ours, 0.0) for ours in OURS)))
    return rates


def of_words(rates: Sequence[TierRate], tier: Tier) -> TierRate | None:
    """The dictionary family's row for one tier."""
    return next((r for r in rates if (r.family, r.tier) == (Family.DICTIONARY, tier)), None)


def told(rate: TierRate | None) -> str:
    """The failures beside a rate, where there are any: the rate is one of the calls that were answered."""
    if rate is None or not rate.failures:
        return ""
    return f"of answered; {numbers.percent(rate.failing)} failed"


def _target(family: str, tier: str) -> float | None:
    return next((target for (f, t), target in HIT_TARGETS.items() if (f, t) == (family, tier)), None)
