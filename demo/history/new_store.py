"""A simulated past goes into a new store only: what was measured is never mixed with what was made up."""

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StartupError
from prosepolish_core.watch.series.simulated import is_new

#: The longest that writing it may take, on a slow machine.
WITHIN_S = 600.0


def check_new(url: str) -> None:
    """Raises StartupError, StoreUnavailable."""
    pool = PostgresPool(url, size=1, role="history")
    try:
        with pool.connection() as connection:
            new = is_new(connection)
    finally:
        pool.close()
    if not new:
        raise StartupError(
            "this store already holds samples, and a simulated past goes into a new one only; leave out --history, or choose "
            "another --data-dir (or DATABASE_URL)"
        )
