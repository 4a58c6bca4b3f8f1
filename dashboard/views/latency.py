"""Latency: percentiles per tier from merged histogram buckets, over the window and over time;
never averages of percentiles.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from prosepolish_core.calc import numbers
from prosepolish_core.calc.quantiles import quantile
from prosepolish_core.model.counts import LatencyBuckets
from prosepolish_core.model.outcome import Tier
from prosepolish_core.model.series import Instants, Mark, Numbers
from prosepolish_core.model.targets import BUDGETS_S
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader, TelemetryReader

from . import commands, counts
from .marks import TIERS, about
from .trust import OWN_COUNTS, Trust, of_counts

POINTS = 60
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Spread:
    """How long one tier took: percentiles in seconds. `family` is empty when all families are merged.

    `failing`: share of all calls to it that failed. Those that never reached it (its breaker was open) took no time.
    """

    tier: str
    family: str
    calls: int
    p50: float
    p95: float
    p99: float
    mean: float
    budget_s: float | None
    failing: float = 0.0


@dataclass(frozen=True, slots=True)
class PercentileLine:
    """Percentiles of one tier per bucket."""

    tier: str
    ts: Instants
    of: dict[str, Numbers]


@dataclass(frozen=True, slots=True)
class LatencyView:
    """Everything the Latency page shows."""

    window: Window
    trust: Trust
    tiers: tuple[Spread, ...]
    families: tuple[Spread, ...]
    lines: tuple[PercentileLine, ...]
    marks: tuple[Mark, ...]
    commands: commands.Commands
    rows: tuple[LatencyBuckets, ...] = ()

    def p95_of(self, tier: str) -> float | None:
        """What 95 of 100 calls to the tier took at most; None where it was not asked."""
        return next((spread.p95 for spread in self.tiers if spread.tier == tier), None)


def build(samples: SampleReader, telemetry: TelemetryReader, window: Window) -> LatencyView:
    """Read and compute. Raises StoreUnavailable."""
    rows, asked = telemetry.latency(window, POINTS), telemetry.lookups(window, 1)
    return LatencyView(
        window,
        of_counts(telemetry.newest(), window, [row.ts for row in rows], OWN_COUNTS),
        tuple(spreads(rows, counts.frame(asked))),
        tuple(spreads(rows, counts.frame(asked), by_family=True)),
        tuple(lines(rows)),
        about(samples.marks(window), *TIERS),
        commands.build(samples, window),
        tuple(rows),
    )


def spreads(rows: Sequence[LatencyBuckets], asked: pd.DataFrame | None = None, *, by_family: bool = False) -> list[Spread]:
    """One row per tier (and family), from the sum of all its histograms; and which share of its calls failed."""
    failing = _failing(asked, by_family=by_family) if asked is not None else {}
    groups: dict[tuple[str, str], list[LatencyBuckets]] = defaultdict(list)
    for row in rows:
        groups[row.tier, row.family if by_family else ""].append(row)
    found = []
    for (tier, family), of_group in groups.items():
        merged = added(of_group)
        if calls := merged.counts[-1]:
            p50, p95, p99 = (quantile(merged.bounds_s, merged.counts, q) for q in QUANTILES.values())
            found.append(
                Spread(
                    tier,
                    family,
                    calls,
                    p50,
                    p95,
                    p99,
                    merged.sum_s / calls,
                    BUDGETS_S.get(Tier(tier)),
                    failing.get((tier, family), 0.0),
                )
            )
    return sorted(found, key=lambda s: (counts.ORDER.index(s.tier), s.family))


def _failing(asked: pd.DataFrame, *, by_family: bool) -> dict[tuple[str, str], float]:
    """Share of failed calls, by tier and family, or by tier alone."""
    of = asked if by_family else asked.assign(family="")
    sums = of.groupby(["tier", "family"])[["failures", "steps"]].sum().reset_index()
    return {(tier, family): failed / steps for tier, family, failed, steps in sums.itertuples(index=False) if steps}


def told(spread: Spread) -> str:
    """The failed calls beside a time, where there are any."""
    return f"; {numbers.percent(spread.failing)} failed" if spread.failing else ""


def lines(rows: Sequence[LatencyBuckets]) -> list[PercentileLine]:
    """Per tier and bucket the percentiles of that bucket's merged histogram; a bucket without calls is a gap."""
    groups: dict[str, dict[datetime, list[LatencyBuckets]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row.tier][row.ts].append(row)
    found = []
    for tier in sorted(groups, key=counts.ORDER.index):
        merged = [(ts, added(groups[tier][ts])) for ts in sorted(groups[tier])]
        kept = [(ts, m) for ts, m in merged if m.counts[-1]]
        of = {name: np.array([quantile(m.bounds_s, m.counts, q) for _, m in kept]) for name, q in QUANTILES.items()}
        found.append(PercentileLine(tier, np.array([ts.replace(tzinfo=None) for ts, _ in kept], dtype="datetime64[ms]"), of))
    return found


def added(rows: Sequence[LatencyBuckets]) -> LatencyBuckets:
    """The sum of histograms, which all have the same bounds (those of prosepolish_core/model/latency.py)."""
    total = np.array([row.counts for row in rows], dtype=np.int64).sum(axis=0)
    return rows[0]._replace(counts=tuple(total.tolist()), sum_s=sum(row.sum_s for row in rows))
