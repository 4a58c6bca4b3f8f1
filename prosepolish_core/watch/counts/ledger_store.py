"""Ledger rows into PostgreSQL: each once by the id of its call, settled ones over those of calls as they were sent."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import orjson
import psycopg

from ...drivers.postgres_pool import Connection, PostgresPool
from ...errors import StoreRefused, StoreUnavailable
from ...model.counts import LedgerRow
from ...model.llm import CallState, LedgerLine

#: One advisory lock for all flushes: they take milliseconds, and in turn they cannot deadlock on each other's rows.
FLUSH_LOCK = 0x7E1E_0001
#: Longest write of one batch.
WITHIN_S = 3.0
#: A call lasts 20 s at most. One without a reply after so long has lost its process, and nobody knows what it cost;
#: should its reply lie in some spool, that row replaces this one when it arrives.
LOST_AFTER = timedelta(minutes=10)
SWEEP_S = 60.0

_FIELDS = {
    "call_id": "uuid", "ts": "timestamptz", "calls": "bigint", "open": "boolean",
    "kind": "text", "task": "text", "model": "text", "price_date": "text", "price_source": "text",
    "prompt": "bigint", "cached": "bigint", "output": "bigint", "thoughts": "bigint",
    "cost_usd": "numeric", "then_usd": "numeric", "discount_usd": "numeric", "duration_s": "double precision",
    "state": "text", "line": "text", "provenance": "text", "detail": "text", "of_call": "uuid", "also_postgres": "boolean",
}  # fmt: skip
_NAMES = ", ".join(_FIELDS)
_WRITE = f"""
INSERT INTO llm_ledger AS l ({_NAMES})
SELECT {_NAMES} FROM jsonb_to_recordset(%s::jsonb) AS r({", ".join(f"{name} {kind}" for name, kind in _FIELDS.items())})
ON CONFLICT (call_id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _FIELDS if name != "call_id")}
WHERE l.open AND NOT EXCLUDED.open"""
_SWEEP = "UPDATE llm_ledger SET state = 'unknown', line = 'nothing', detail = 'no_reply' WHERE state = 'sent' AND ts < now() - %s"


class LedgerStore:
    """Writes ledger rows on a connection of its own."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._sweep_at = 0.0

    def write(self, rows: Sequence[LedgerRow]) -> None:
        """Add the rows that are not there yet. Raises StoreUnavailable; then they can be sent again.

        Raises StoreRefused for rows that it can never take: not for a schema that lacks a migration.
        """
        try:
            self._written(rows)
        except StoreRefused as refused:
            if isinstance(refused.__cause__, psycopg.DataError | psycopg.IntegrityError):
                raise
            raise StoreUnavailable(refused.reason, refused.action, refused.word) from refused.__cause__

    def _written(self, rows: Sequence[LedgerRow]) -> None:
        with self._pool.connection(within_s=WITHIN_S) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (FLUSH_LOCK,))
            write_rows(connection, rows)
            if monotonic() >= self._sweep_at:
                self._sweep_at = monotonic() + SWEEP_S
                sweep(connection)


def write_rows(connection: Connection, rows: Iterable[LedgerRow]) -> None:
    """Add the rows in the caller's transaction."""
    if plain := [_plain(row) for row in settled_first(rows)]:
        connection.execute(_WRITE, (orjson.dumps(plain).decode(),))


def sweep(connection: Connection) -> int:
    """Calls whose process died before their reply: nobody knows what they cost. How many there were."""
    return connection.execute(_SWEEP, (LOST_AFTER,)).rowcount


def settled_first(rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """Each call once: settled where it is, else as it was sent."""
    found: dict[str, LedgerRow] = {}
    for row in rows:
        name = row.call_id or str(uuid4())  # rows that were added up have no id of their own
        if name not in found or found[name].call.state == CallState.SENT:
            found[name] = row
    return list(found.values())


def _plain(row: LedgerRow) -> dict[str, Any]:
    call = row.call._asdict()
    if row.call.kind == "paid" and row.call.line != LedgerLine.HOLD_OUT:  # what it costs is what it cost
        call["then_usd"] = call["cost_usd"]
    for name in ("cost_usd", "then_usd", "discount_usd"):
        call[name] = None if call[name] is None else str(call[name])
    more = {"call_id": row.call_id or str(uuid4()), "ts": row.ts, "calls": row.calls, "open": row.call.state == CallState.SENT}
    return call | more | {"of_call": call["of_call"] or None}
