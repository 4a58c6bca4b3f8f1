"""postgres_stats: PostgreSQL's own health, because it is tier 2 and the store of everything shown.

Sessions and standbys are counted by functions of the schema, so that the collectors' role need not see texts of
queries.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.model.sample import Kind, Labels, Sample

from .reading import Database, ScheduledRead, SourceReply

NAME = "postgres_stats"
C, G = Kind.COUNTER, Kind.GAUGE
#: At most this many tables are measured, the biggest ones.
TABLES = 20


class Column(NamedTuple):
    """One number of pg_stat_database."""

    name: str
    kind: Kind
    unit: str
    scale: float = 1.0


DATABASE = (
    Column("numbackends", G, "1"),
    Column("xact_commit", C, "1"),
    Column("xact_rollback", C, "1"),
    Column("blks_read", C, "1"),
    Column("blks_hit", C, "1"),
    Column("tup_returned", C, "1"),
    Column("tup_fetched", C, "1"),
    Column("tup_inserted", C, "1"),
    Column("tup_updated", C, "1"),
    Column("tup_deleted", C, "1"),
    Column("conflicts", C, "1"),
    Column("deadlocks", C, "1"),
    Column("temp_files", C, "1"),
    Column("temp_bytes", C, "bytes"),
    Column("blk_read_time", C, "seconds", 1e-3),
    Column("blk_write_time", C, "seconds", 1e-3),
)
_DATABASE = f"SELECT {', '.join(column.name for column in DATABASE)} FROM pg_stat_database WHERE datname = current_database()"
_ONE = """
SELECT pg_database_size(current_database()), current_setting('max_connections')::int,
       extract(epoch FROM now() - pg_postmaster_start_time()), pg_is_in_recovery()::int,
       server_longest_transaction(),
       (SELECT count(*) FROM pg_stat_replication), current_setting('server_version')"""
_STATES = "SELECT state, connections FROM server_connections()"
_TABLES = """
SELECT relname, pg_total_relation_size(relid), n_live_tup, n_dead_tup, seq_scan, coalesce(idx_scan, 0)
FROM pg_stat_user_tables ORDER BY pg_total_relation_size(relid) DESC LIMIT %s"""
_STANDBYS = "SELECT name, streaming, lag_bytes, lag_seconds FROM server_standbys() LIMIT %s"
_SLOTS = """
SELECT slot_name::text, active::int,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)
FROM pg_replication_slots ORDER BY 3 DESC NULLS LAST LIMIT %s"""
#: Of a standby: what it has received and not yet replayed, and how old what it shows is. All replayed means as new as
#: its primary.
_BEHIND = """
SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()),
       CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END,
       server_receiving()
WHERE pg_is_in_recovery()"""
_WRITE = "INSERT INTO collector_probe DEFAULT VALUES ON CONFLICT (one) DO UPDATE SET ts = now()"
#: Words for a server that takes no writes, a primary that waits for its standby among them; missing rights are ours.
REFUSES = frozenset({"read_only", "disk_full", "damaged", "no_memory", "too_slow", "timeout"})
_STANDBY_METRICS = (
    ("postgres_standby_streaming", G, "1"),
    ("postgres_standby_lag_bytes", G, "bytes"),
    ("postgres_standby_lag_seconds", G, "seconds"),
)
_SLOT_METRICS = (("postgres_slot_active", G, "1"), ("postgres_slot_retained_bytes", G, "bytes"))
_BEHIND_METRICS = (
    ("postgres_replay_behind_bytes", G, "bytes"),
    ("postgres_replay_behind_seconds", G, "seconds"),
    ("postgres_receiving", G, "1"),
)
_ONE_METRICS = (
    ("postgres_database_size", "bytes"),
    ("postgres_max_connections", "1"),
    ("postgres_uptime_seconds", "seconds"),
    ("postgres_in_recovery", "1"),
    ("postgres_longest_transaction_seconds", "seconds"),
    ("postgres_replicas", "1"),
)
_TABLE_METRICS = (
    ("postgres_table_size", G, "bytes"),
    ("postgres_table_live_rows", G, "1"),
    ("postgres_table_dead_rows", G, "1"),
    ("postgres_table_seq_scans", C, "1"),
    ("postgres_table_index_scans", C, "1"),
)


def read(database: Database, _entry: ScheduledRead[Database]) -> SourceReply:
    """Sizes, connections, cache hits and replication, in one transaction."""
    with database.pool.connection() as connection:
        ask: Callable[..., Any] = connection.execute
        counts = ask(_DATABASE).fetchone()
        one = ask(_ONE).fetchone()
        states = ask(_STATES).fetchall()
        tables = ask(_TABLES, (TABLES,)).fetchall()
        standbys = ask(_STANDBYS, (TABLES,)).fetchall()
        slots = ask(_SLOTS, (TABLES,)).fetchall()
        behind = ask(_BEHIND).fetchall()
    samples = [
        Sample(f"postgres_{column.name}", float(value or 0) * column.scale, column.kind, column.unit)
        for column, value in zip(DATABASE, counts, strict=True)
    ]
    samples += [Sample(metric, float(value), G, unit) for (metric, unit), value in zip(_ONE_METRICS, one[:-1], strict=True)]
    samples += [Sample("postgres_connections", float(count), G, "1", (("state", state),)) for state, count in states]
    for label, metrics, rows in (
        ("table", _TABLE_METRICS, tables),
        ("standby", _STANDBY_METRICS, standbys),
        ("slot", _SLOT_METRICS, slots),
    ):
        for named, *numbers in rows:
            samples += _named(metrics, numbers, ((label, named),))
    for numbers in behind:
        samples += _named(_BEHIND_METRICS, numbers, ())
    if (writes := takes_writes(database.pool)) is not None:
        samples.append(Sample("postgres_writable", float(writes)))
    return SourceReply(tuple(samples), {"version": str(one[-1]), "server": "postgres"})


def takes_writes(pool: PostgresPool) -> bool | None:
    """Whether it takes one write, which whoever only reads never finds out; None where that cannot be told."""
    try:
        with pool.connection() as connection:
            connection.execute(_WRITE)
    except StoreUnavailable as fault:
        return False if fault.word in REFUSES else None
    return True


def _named(metrics: tuple[tuple[str, Kind, str], ...], values: Sequence[Any], labels: Labels) -> list[Sample]:
    """One row's numbers; what PostgreSQL does not know (or does not tell this role) is left out, not zero."""
    return [Sample(m, float(v), k, u, labels) for (m, k, u), v in zip(metrics, values, strict=True) if v is not None]
