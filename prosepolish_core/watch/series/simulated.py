"""Which part of the past is simulated: written once by whoever fills a store with it, asked by every page."""

from datetime import datetime

from ...drivers.postgres_pool import Connection
from ...model.window import Window


def note_simulated(connection: Connection, window: Window) -> None:
    """From now on everything of this window counts as simulated."""
    connection.execute(
        "INSERT INTO simulated_span (start, until) VALUES (%s, %s) ON CONFLICT DO NOTHING", (window.start, window.end)
    )


def simulated_until(connection: Connection, window: Window) -> datetime | None:
    """The end of what is simulated in a window, or None where nothing is."""
    row = connection.execute(
        "SELECT max(until) FROM simulated_span WHERE start < %s AND until > %s", (window.end, window.start)
    ).fetchone()
    return row[0] if row else None
