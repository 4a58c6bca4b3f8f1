"""postgres_stats: PostgreSQL's own health, because it is tier 2 and the store of everything shown."""

from collections.abc import Callable
from typing import Any, NamedTuple

from prosepolish_core.model.sample import Kind, Labels, Sample

from .reading import Database, Entry, Found

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
       coalesce((SELECT max(extract(epoch FROM now() - xact_start)) FROM pg_stat_activity WHERE state <> 'idle'), 0),
       (SELECT count(*) FROM pg_stat_replication), current_setting('server_version')"""
_STATES = "SELECT coalesce(state, 'background'), count(*) FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1"
_TABLES = """
SELECT relname, pg_total_relation_size(relid), n_live_tup, n_dead_tup, seq_scan, coalesce(idx_scan, 0)
FROM pg_stat_user_tables ORDER BY pg_total_relation_size(relid) DESC LIMIT %s"""
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


def read(database: Database, _entry: Entry[Database]) -> Found:
    """Sizes, connections, cache hits and replication, in one transaction."""
    with database.pool.connection() as connection:
        ask: Callable[..., Any] = connection.execute
        counts = ask(_DATABASE).fetchone()
        one = ask(_ONE).fetchone()
        states = ask(_STATES).fetchall()
        tables = ask(_TABLES, (TABLES,)).fetchall()
    samples = [
        Sample(f"postgres_{column.name}", float(value or 0) * column.scale, column.kind, column.unit)
        for column, value in zip(DATABASE, counts, strict=True)
    ]
    samples += [Sample(metric, float(value), G, unit) for (metric, unit), value in zip(_ONE_METRICS, one[:-1], strict=True)]
    samples += [Sample("postgres_connections", float(count), G, "1", (("state", state),)) for state, count in states]
    for table, *numbers in tables:
        labels: Labels = (("table", table),)
        samples += [Sample(m, float(v), k, u, labels) for (m, k, u), v in zip(_TABLE_METRICS, numbers, strict=True)]
    return Found(tuple(samples), {"version": str(one[-1]), "server": "postgres"})
