"""Ledger rows for tests, written to a real PostgreSQL as processes write them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.counts import LedgerRow
from prosepolish_core.model.llm import LedgerLine, LlmCall
from prosepolish_core.watch.counts.ledger_store import LedgerStore

CALL = LlmCall(
    "paid", "correct", "gemini-3.5-flash-lite", 450, 0, 150, 0, Decimal("0.00051"), "2026-11-01", 1.5,
    price_source="our contract",
)  # fmt: skip


def paid(at: datetime, usd: str | None = "0.00051", **more: Any) -> LedgerRow:
    """A paid call."""
    call_id = str(uuid4())
    cost = None if usd is None else Decimal(usd)
    return LedgerRow(at, CALL._replace(**{"cost_usd": cost, "then_usd": cost, "call_id": call_id, **more}), 1, call_id)


def spared(at: datetime, usd: str = "0.00051", **more: Any) -> LedgerRow:
    """A call that Redis made unnecessary."""
    return paid(at, usd, **{"kind": "avoided", "line": LedgerLine.REDIS, **more})


def written(database_url: str, rows: Iterable[LedgerRow]) -> None:
    """Put the rows into the store."""
    pool = PostgresPool(database_url, size=1, role="test")
    LedgerStore(pool).write(list(rows))
    pool.close()
