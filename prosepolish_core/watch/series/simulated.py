"""Which part of the past is simulated: written once by whoever fills a store with it, asked by every page.

Everything with a time is asked here: samples, counts, marks and incidents of a simulated span are simulated. Dollars
are told apart row by row, by their provenance: they may be added up with real ones of the same hour.
"""

from ...drivers.postgres_pool import Connection
from ...model.window import Window


def note_simulated(connection: Connection, window: Window) -> None:
    """From now on everything of this window counts as simulated."""
    connection.execute(
        "INSERT INTO simulated_span (start, until) VALUES (%s, %s) ON CONFLICT DO NOTHING", (window.start, window.end)
    )


def simulated(connection: Connection) -> list[Window]:
    """The simulated spans, oldest first; there are few."""
    return [Window(*row) for row in connection.execute("SELECT start, until FROM simulated_span ORDER BY start").fetchall()]


def is_new(connection: Connection) -> bool:
    """Whether nothing was ever collected or counted in this store."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM sample_stream) OR EXISTS (SELECT FROM telemetry_lookup) OR EXISTS (SELECT FROM simulated_span)"
    ).fetchone()
    return row is not None and not row[0]
