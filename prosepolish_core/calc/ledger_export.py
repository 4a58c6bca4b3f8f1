"""The ledger's rows as a flat table: one row a call, every column that the ledger keeps."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from ..model.counts import LedgerRow
from .flat_table import FlatColumn

_KINDS: dict[str, type] = {
    "kind": str, "line": str, "provenance": str, "task": str, "model": str, "state": str, "detail": str,
    "prompt": int, "cached": int, "output": int, "thoughts": int,
    "cost_usd": Decimal, "then_usd": Decimal, "discount_usd": Decimal,
    "price_date": str, "price_source": str, "duration_s": float, "also_postgres": bool, "of_call": str,
}  # fmt: skip


def _of_call(name: str) -> FlatColumn:
    def cell(row: LedgerRow) -> Any:
        return getattr(row.call, name)

    return FlatColumn(name, _KINDS[name], cell)


COLUMNS = (
    FlatColumn("ts", datetime, lambda row: row.ts),
    FlatColumn("call_id", str, lambda row: row.call_id),
    FlatColumn("calls", int, lambda row: row.calls),
    *map(_of_call, _KINDS),
)
