"""Savings: what the ledger says was paid, and what the same calls would have cost without any cache, line by line.

Decimal throughout; what is not known is in no sum and is told beside it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np

from prosepolish_core.calc.ledger_parts import FAMILY_OF
from prosepolish_core.calc.ledger_sums import HEADLINE, Measured, measured
from prosepolish_core.calc.lookups_spared import ApiSpared, api_spared
from prosepolish_core.calc.ratios import Ratio, tier_ratio
from prosepolish_core.model.counts import LedgerTotal
from prosepolish_core.model.llm import added
from prosepolish_core.model.outcome import Family, Tier
from prosepolish_core.model.series import Instants, Mark, Numbers
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader, TelemetryReader

from .trust import Trust, of_counts

POINTS = 60
LEDGER = "the ledger of LLM calls (recorded tokens times dated prices)"
#: What the money can be told apart by.
APART: Mapping[str, Callable[[LedgerTotal], str]] = {
    "task": lambda row: row.task,
    "family": lambda row: FAMILY_OF.get(row.task, row.task),
    "model": lambda row: row.model,
    "price": lambda row: priced_by(row),  # noqa: PLW0108 - it stands below
}


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One model's calls and tokens of one task and line, as billed:
    prompt includes cached, thoughts cost as much as output.
    """

    model: str
    task: str
    kind: str
    line: str
    provenance: str
    price: str
    calls: int
    unpriced: int
    unknown: int
    sent: int
    prompt: int
    cached: int
    output: int
    thoughts: int
    usd: Decimal
    discount_usd: Decimal
    then_usd: Decimal
    then_unpriced: int


@dataclass(frozen=True, slots=True)
class SavingsView:
    """Everything the measured half of the Savings page shows.

    `rate` is the hit rate of corrections in Redis, the one that every page shows. `width_s` is that of the bars.
    """

    window: Window
    trust: Trust
    sums: Measured
    apart: Mapping[str, Mapping[str, Measured]]
    words: ApiSpared
    tokens: tuple[TokenRow, ...]
    rate: Ratio
    since: datetime | None
    ts: Instants
    width_s: float
    paid_usd: Numbers
    avoided_usd: Numbers
    marks: tuple[Mark, ...]

    def spared_ratio(self, task: str) -> float | None:
        """Share of the task's calls wanted that were not made; None when none was wanted."""
        found = self.apart["task"].get(task)
        return found.spared_ratio if found else None


def build(
    samples: SampleReader,
    telemetry: TelemetryReader,
    window: Window,
    *,
    counted: Collection[str] = HEADLINE,
    cache_usd_per_month: Decimal = Decimal(0),
) -> SavingsView:
    """Read and compute. Raises StoreUnavailable."""
    every = telemetry.ledger(window, POINTS)
    rows = [row for row in every if row.provenance in counted]
    instants, width_s = _grid(rows)
    per_bucket = {ts: measured((row for row in rows if row.ts == ts), counted=counted) for ts in instants}
    since = telemetry.ledger_since(counted)
    note = f"ledger since {since:%Y-%m-%d %H:%M} UTC" if since else "no row in the ledger yet"
    counts = telemetry.lookups(window, 1)
    return SavingsView(
        window,
        replace(of_counts(telemetry.newest(), window, (), LEDGER), note=note),
        measured(every, cache_share(cache_usd_per_month, window), counted),
        {name: told_apart(rows, of, counted) for name, of in APART.items()},
        api_spared(counts),
        tuple(tokens(rows)),
        tier_ratio(counts, Family.LLM, Tier.REDIS),
        since,
        np.array([ts.replace(tzinfo=None) for ts in instants], dtype="datetime64[ms]"),
        width_s,
        np.array([float(bucket.paid.usd) for bucket in per_bucket.values()]),
        np.array([float(bucket.avoided.usd) for bucket in per_bucket.values()]),
        tuple(samples.marks(window)),
    )


def told_apart(rows: Sequence[LedgerTotal], of: Callable[[LedgerTotal], str], counted: Collection[str]) -> dict[str, Measured]:
    """The sums of each group, by name; together they are the sums of all rows."""
    groups: dict[str, list[LedgerTotal]] = {}
    for row in rows:
        groups.setdefault(of(row), []).append(row)
    return {name: measured(groups[name], counted=counted) for name in sorted(groups)}


def cache_share(usd_per_month: Decimal, window: Window) -> Decimal:
    """The window's share of what the cache costs a month of 30 days, to the millionth of a dollar."""
    return round(usd_per_month * Decimal(round(window.seconds)) / (30 * 86_400), 6)


def _grid(rows: Sequence[LedgerTotal]) -> tuple[list[datetime], float]:
    """Every bucket from the first with a row to the last, and their width: where nothing stands, nothing was."""
    distinct = sorted({row.ts for row in rows})
    gaps = [(b - a).total_seconds() for a, b in pairwise(distinct)]
    width = min((gap for gap in gaps if gap > 0), default=60.0)
    if not gaps:
        return distinct, width
    steps = round((distinct[-1] - distinct[0]).total_seconds() / width)
    filled = {distinct[0] + timedelta(seconds=width * step) for step in range(min(steps, 4 * POINTS) + 1)}
    return sorted(filled | set(distinct)), width


def tokens(rows: Sequence[LedgerTotal]) -> list[TokenRow]:
    """One row per task, model, line, provenance and price, by name."""
    found = []
    apart: dict[tuple[str, ...], list[LedgerTotal]] = {}
    for row in rows:
        key = (row.task, row.model, row.kind, row.line, row.provenance, priced_by(row))
        apart.setdefault(key, []).append(row)
    for (task, model, kind, line, provenance, price), chosen in sorted(apart.items()):
        names = ("calls", "unpriced", "unknown", "sent", "cost_usd", "discount_usd", "then_usd", "then_unpriced")
        sums = added(chosen, *names)
        found.append(TokenRow(model, task, kind, line, provenance, price, usd=sums.pop("cost_usd"), **sums))
    return found


def priced_by(row: LedgerTotal) -> str:
    """Who says the price, and since when it is valid; a dash where none is known."""
    return " ".join(filter(None, (row.price_source, f"from {row.price_date}" if row.price_date else ""))) or "–"
