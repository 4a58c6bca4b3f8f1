"""Savings: what the ledger says was paid, and what hits made unnecessary.

Decimal throughout; unpriced is never zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

import numpy as np

from prosepolish_core.calc.savings import Measured, measured
from prosepolish_core.model.counts import LedgerTotal
from prosepolish_core.model.llm import added
from prosepolish_core.model.series import Instants, Mark, Numbers
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader, TelemetryReader

from .marks import TIERS, about
from .trust import Trust, of_counts

POINTS = 60
LEDGER = "the ledger of LLM calls (recorded tokens times dated prices)"
MONTH_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One model's calls and tokens of one task and kind, as billed:
    prompt includes cached, thoughts cost as much as output.
    """

    model: str
    task: str
    kind: str
    calls: int
    unpriced: int
    prompt: int
    cached: int
    output: int
    thoughts: int
    usd: Decimal
    then_usd: Decimal
    then_unpriced: int


@dataclass(frozen=True, slots=True)
class SavingsView:
    """Everything the measured half of the Savings page shows."""

    window: Window
    trust: Trust
    sums: Measured
    tasks: Mapping[str, Measured]
    tokens: tuple[TokenRow, ...]
    ts: Instants
    paid_usd: Numbers
    avoided_usd: Numbers
    marks: tuple[Mark, ...]

    def hit_ratio(self, task: str) -> float | None:
        """Share of the task's calls wanted that were not made; None when none was wanted."""
        found = self.tasks.get(task)
        return found.hit_ratio if found else None

    @property
    def per_month_usd(self) -> Decimal:
        """The pace since the first row in the window, carried on to 30 days: an extrapolation, and shown as one."""
        if not len(self.ts):
            return Decimal(0)
        first = max(self.ts[0].astype("datetime64[ms]").item().replace(tzinfo=UTC), self.window.start)
        return self.sums.avoided.usd * MONTH_S / Decimal(str(max(60.0, (self.window.end - first).total_seconds())))


def build(samples: SampleReader, telemetry: TelemetryReader, window: Window) -> SavingsView:
    """Read and compute. Raises StoreUnavailable."""
    rows = telemetry.ledger(window, POINTS)
    instants = sorted({row.ts for row in rows})
    per_bucket = [measured(row for row in rows if row.ts == ts) for ts in instants]
    return SavingsView(
        window,
        of_counts(telemetry.newest(), window, (), LEDGER),
        measured(rows),
        {task: measured(row for row in rows if row.task == task) for task in sorted({row.task for row in rows})},
        tuple(tokens(rows)),
        np.array([ts.replace(tzinfo=None) for ts in instants], dtype="datetime64[ms]"),
        np.array([float(bucket.paid.usd) for bucket in per_bucket]),
        np.array([float(bucket.avoided.usd) for bucket in per_bucket]),
        about(samples.marks(window), *TIERS),
    )


def tokens(rows: Sequence[LedgerTotal]) -> list[TokenRow]:
    """One row per task, model and kind, by name."""
    found = []
    for task, model, kind in sorted({(row.task, row.model, row.kind) for row in rows}):
        chosen = [row for row in rows if (row.task, row.model, row.kind) == (task, model, kind)]
        sums = added(chosen, "calls", "unpriced", "cost_usd", "then_usd", "then_unpriced")
        found.append(TokenRow(model, task, kind, usd=sums.pop("cost_usd"), **sums))
    return found
