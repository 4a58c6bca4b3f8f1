"""Telemetry batches into PostgreSQL: each added once, at all three steps, in one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from ...drivers.postgres_pool import PostgresPool
from ...errors import InvalidInput, StoreRefused, StoreUnavailable
from ...model.counts import EventDelta, LookupDelta, TelemetryBatch
from .ledger_store import FLUSH_LOCK, WITHIN_S, write_rows
from .retention import remove_old

#: Old rows are removed by a process that has lived so long, and then as often.
FIRST_TIDY_S, TIDY_S = 60.0, 3600.0

_ONCE = """
INSERT INTO telemetry_flush AS f (process, sequence) VALUES (%s, %s)
ON CONFLICT (process) DO UPDATE SET sequence = EXCLUDED.sequence, ts = now() WHERE f.sequence < EXCLUDED.sequence
RETURNING sequence"""

_BINS = "(VALUES (10), (60), (3600)) AS s(step)"
_BIN = "date_bin(s.step * interval '1 second', %(ts)s::timestamptz, timestamptz 'epoch')"

_LOOKUP = f"""
INSERT INTO telemetry_lookup AS t (step, ts, family, tier, outcome, steps, answers, sum_s, counts)
SELECT s.step, {_BIN}, %(family)s, %(tier)s, %(outcome)s, %(steps)s, %(answers)s, %(sum_s)s, %(counts)s::integer[] FROM {_BINS}
ON CONFLICT (step, ts, family, tier, outcome) DO UPDATE SET
    steps = t.steps + EXCLUDED.steps, answers = t.answers + EXCLUDED.answers, sum_s = t.sum_s + EXCLUDED.sum_s,
    counts = add_counts(t.counts, EXCLUDED.counts)"""

_EVENT = f"""
INSERT INTO telemetry_event AS t (step, ts, name, amount) SELECT s.step, {_BIN}, %(name)s, %(amount)s FROM {_BINS}
ON CONFLICT (step, ts, name) DO UPDATE SET amount = t.amount + EXCLUDED.amount"""

_ACCESS = """
INSERT INTO access_chunk (ts, family, rate, records) VALUES (%s, %s, %s, %b)"""


class PostgresTelemetryWriter:
    """Implements ports.TelemetryWriter."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._tidy_at = monotonic() + FIRST_TIDY_S

    def write(self, batch: TelemetryBatch) -> None:
        """Add the batch unless this (process, sequence) was added before."""
        try:
            with self._pool.connection(within_s=WITHIN_S) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (FLUSH_LOCK,))
                if cursor.execute(_ONCE, (batch.process, batch.sequence)).fetchone() is None:
                    return
                _each(cursor, _LOOKUP, [_lookup(row) for row in batch.lookups])
                _each(cursor, _EVENT, [_event(row) for row in batch.events])
                write_rows(connection, batch.ledger)
                _each(cursor, _ACCESS, list(batch.accesses))
        except StoreRefused as refused:
            raise InvalidInput(f"PostgreSQL refuses this batch: {type(refused.__cause__).__name__}") from refused
        if monotonic() >= self._tidy_at:
            self._tidy_at = monotonic() + TIDY_S
            self.tidy(datetime.now(UTC))

    def tidy(self, now: datetime) -> dict[str, int]:
        """Remove what is past its time; rows removed by table. Put off to the next time when it cannot be done now."""
        try:
            with self._pool.connection(within_s=WITHIN_S) as connection:
                return remove_old(connection, now)
        except StoreUnavailable:
            return {}

    def close(self) -> None:
        """Close the connection. A later flush opens another one."""
        self._pool.hang_up()


def _each(cursor: Any, statement: str, rows: list[Any]) -> None:
    if rows:
        cursor.executemany(statement, rows)


def _lookup(row: LookupDelta) -> dict[str, Any]:
    """Empty buckets at the slow end are not stored: a tier that answers in milliseconds needs half of them."""
    used = max((i + 1 for i, count in enumerate(row.counts) if count), default=1)
    return row._asdict() | {"counts": _array(row.counts[:used])}


def _event(row: EventDelta) -> dict[str, Any]:
    return row._asdict()


def _array(numbers: Sequence[int]) -> str:
    """An array as PostgreSQL reads it; the driver takes several times as long over thousands of numbers."""
    return f"{{{','.join(map(str, numbers))}}}"
