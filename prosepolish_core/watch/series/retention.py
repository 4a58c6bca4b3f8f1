"""Retention: raw runs by day partitions, roll-ups by spans, then unused series; never removes what is not rolled up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from psycopg.sql import SQL, Identifier

from ...drivers.postgres_pool import Connection, PostgresPool
from ...errors import InvalidInput
from .pruning import prune
from .rollup_rows import HOUR, MINUTE, RollupStep
from .rollups import RolledUp, RollUps


@dataclass(frozen=True, slots=True)
class Kept:
    """How long each resolution is kept, in days."""

    raw: int = 7
    minutes: int = 90
    hours: int = 730

    def __post_init__(self) -> None:
        if not 1 <= self.raw <= self.minutes <= self.hours:
            raise InvalidInput("raw samples are kept at least a day, minutes as long or longer, hours as long or longer")


class Removed(NamedTuple):
    """What was removed of one resolution:
    rows, bytes given back (0 where the space is reused), and the new oldest instant.
    """

    what: str
    rows: int
    size_bytes: int
    before: datetime


class Maintenance(NamedTuple):
    """What one maintenance run did."""

    rolled: RolledUp
    removed: Sequence[Removed]


_PARTITIONS = """
SELECT c.oid::regclass::text, to_date(right(c.relname, 8), 'YYYYMMDD'), pg_total_relation_size(c.oid)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'sample_run'::regclass AND c.relname ~ '_[0-9]{8}$' ORDER BY 2"""
_NOT_ROLLED = """
SELECT EXISTS (
    SELECT FROM sample_stream st LEFT JOIN sample_rolled m ON m.stream = st.id AND m.step = 60
    WHERE EXISTS (SELECT FROM {} r WHERE r.stream = st.id AND r.frame IS NOT NULL AND r.tick >= coalesce(m.until, '-infinity'))
)"""
_GONE = """
INSERT INTO sample_gone (step, before) VALUES (%s, %s)
ON CONFLICT (step) DO UPDATE SET before = greatest(sample_gone.before, EXCLUDED.before)"""


def maintain(pool: PostgresPool, kept: Kept | None = None, now: datetime | None = None) -> Maintenance:
    """Roll up what is due, then remove what is past its time. Meant for a job every few minutes.

    Raises StoreUnavailable.
    """
    at = now or datetime.now(UTC)
    rolled = RollUps(pool).run(at)
    return Maintenance(rolled, retain(pool, kept or Kept(), at))


def retain(pool: PostgresPool, kept: Kept, now: datetime) -> list[Removed]:
    """Remove what is older than it is kept; a day with runs that are not rolled up stays."""
    with pool.connection() as connection:
        partitions = connection.execute(_PARTITIONS).fetchall()
    removed = []
    limit = now.date() - timedelta(days=kept.raw)
    for name, day, size in partitions:
        if day < limit:
            with pool.connection() as connection:
                removed += _drop_day(connection, name, day, size)
    for step, days in ((MINUTE, kept.minutes), (HOUR, kept.hours)):
        with pool.connection() as connection:
            removed += _delete_spans(connection, step, _midnight(now.date() - timedelta(days=days)))
    if removed and (series := prune(pool)):
        removed.append(Removed("series", series, 0, now))
    return removed


def _drop_day(connection: Connection, name: str, day: date, size: int) -> list[Removed]:
    table = Identifier(name)
    row = connection.execute(SQL(_NOT_ROLLED).format(table)).fetchone()
    if row is None or row[0]:
        return []
    counted = connection.execute(SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    connection.execute("SET LOCAL lock_timeout = '2s'")  # a long reader must not make writers queue behind us
    connection.execute(SQL("DROP TABLE {}").format(table))
    connection.execute("DELETE FROM sample_frame WHERE day = %s", (day,))
    after = _midnight(day + timedelta(days=1))
    connection.execute(_GONE, (0, after))
    return [Removed("raw", counted[0] if counted else 0, size, after)]


def _delete_spans(connection: Connection, step: RollupStep, before: datetime) -> list[Removed]:
    count = connection.execute(f"DELETE FROM {step.table} WHERE start < %s", (before,)).rowcount
    if not count:
        return []
    connection.execute(_GONE, (step.seconds, before))
    return [Removed("minutes" if step is MINUTE else "hours", count, 0, before)]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
