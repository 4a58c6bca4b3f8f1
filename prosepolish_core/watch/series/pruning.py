"""Pruning the catalogue: layouts and series that no sample and no roll-up uses any more go with the last of them."""

from ...drivers.postgres_pool import Gone, PostgresPool
from ...errors import StoreRefused
from .writer import LOCK

_LAYOUTS = "DELETE FROM sample_layout l WHERE NOT EXISTS (SELECT FROM sample_frame f WHERE f.layout = l.id)"
_SERIES = """
DELETE FROM sample_series s WHERE s.id NOT IN (SELECT unnest(series) FROM sample_layout)
AND NOT EXISTS (SELECT FROM sample_stream st WHERE EXISTS (SELECT FROM sample_minute m WHERE m.stream = st.id AND m.series = s.id))
AND NOT EXISTS (SELECT FROM sample_stream st WHERE EXISTS (SELECT FROM sample_hour h WHERE h.stream = st.id AND h.series = s.id))"""


def prune(pool: PostgresPool) -> int:
    """Remove what is unused; gives the number of series.

    Writers who still believe in a layout are told and look it up again.
    """
    try:
        with pool.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))  # nobody enlarges the catalogue meanwhile
            connection.execute(_LAYOUTS)
            return int(connection.execute(_SERIES).rowcount)
    except StoreRefused as refused:
        if isinstance(refused.__cause__, Gone):  # somebody began to use one of the layouts just now: next time
            return 0
        raise
