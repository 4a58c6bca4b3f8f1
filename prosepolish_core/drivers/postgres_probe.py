"""Asking PostgreSQL whether it is well, through a pool as the services use it:
one read, and one write that is committed.

Only a write finds a missing schema, missing rights, a standby, a full disk, or a primary that waits in vain for its
standby.
"""

from time import perf_counter

from .postgres_pool import PostgresPool

#: Longest read or write of a probe.
PROBE_S = 0.7
#: Longest read of one that is believed to be slow.
PATIENT_S = 1.2
#: The row of the process that never counts anything, beside those of the processes that do.
_WRITE = """
INSERT INTO telemetry_flush (process, sequence) VALUES ('00000000-0000-0000-0000-000000000000', 0)
ON CONFLICT (process) DO UPDATE SET ts = now()"""


def read_time(pool: PostgresPool, within_s: float = PROBE_S) -> float:
    """How long a round trip takes. Raises StoreUnavailable."""
    with pool.connection(within_s=within_s) as connection:
        began = perf_counter()
        connection.execute("SELECT 1")
        return perf_counter() - began


def write(pool: PostgresPool) -> None:
    """Change a row and commit. Raises StoreUnavailable."""
    with pool.connection(within_s=PROBE_S) as connection:
        connection.execute(_WRITE)
