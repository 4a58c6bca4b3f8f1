"""Rows of the ledger behind a total, down to one call and the calls that its answer spared."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from prosepolish_core.calc.ledger_parts import LedgerPart, parts_of, side_of
from prosepolish_core.calc.ledger_sums import Side
from prosepolish_core.model.counts import LedgerRow
from prosepolish_core.model.window import Window
from prosepolish_core.ports import TelemetryReader
from prosepolish_core.watch.counts.ledger_rows import LedgerRows

#: Rows shown at once; the file has more.
SHOWN = 500


@dataclass(frozen=True, slots=True)
class RowsView:
    """The rows of one part, oldest first, and the total that all of them add up to."""

    window: Window
    part: LedgerPart
    total: Side
    rows: tuple[LedgerRow, ...]

    @property
    def calls(self) -> int:
        """Calls of the rows shown."""
        return sum(row.calls for row in self.rows)

    @property
    def usd(self) -> Decimal:
        """Sum over the rows shown."""
        return sum((row.call.cost_usd or Decimal(0) for row in self.rows), Decimal(0))

    @property
    def whole(self) -> bool:
        """Whether all rows of the part are shown."""
        return self.calls == self.total.calls


@dataclass(frozen=True, slots=True)
class CallView:
    """One call: its row, the call whose answer it got, and the calls that its own answer spared."""

    row: LedgerRow
    origin: LedgerRow | None
    spared: tuple[LedgerRow, ...]

    @property
    def spared_usd(self) -> Decimal:
        """What those would have cost, as far as it is known."""
        return sum((row.call.cost_usd or Decimal(0) for row in self.spared), Decimal(0))


def names(telemetry: TelemetryReader, window: Window, counted: Collection[str]) -> list[str]:
    """Every total of the window that has rows. Raises StoreUnavailable."""
    return parts_of(telemetry.ledger(window), counted)


def build(telemetry: TelemetryReader, rows: LedgerRows, window: Window, part: LedgerPart, counted: Collection[str]) -> RowsView:
    """Read the newest state of both. Raises StoreUnavailable."""
    found = rows.page(window, part.among(counted), limit=SHOWN)
    return RowsView(window, part, side_of(part, telemetry.ledger(window), counted), tuple(found))


def one_call(rows: LedgerRows, call_id: str) -> CallView | None:
    """The call of this id; None when there is none. Raises StoreUnavailable."""
    found = rows.call(call_id)
    own = _own(found, call_id)
    if own is None:
        return None
    origin = _own(rows.call(own.call.of_call), own.call.of_call) if own.call.of_call else None
    return CallView(own, origin, tuple(row for row in found if row.call_id != own.call_id))


def _own(rows: Sequence[LedgerRow], call_id: str) -> LedgerRow | None:
    return next((row for row in rows if row.call_id == call_id.lower()), None)


def told_at(at: datetime) -> str:
    """An instant, to the millisecond: rows of one second are told apart."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"
