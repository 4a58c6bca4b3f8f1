"""Marks, the vertical lines on the charts: kept and listed. `mark_watch` sets those that a run calls for."""

from collections.abc import Sequence

from ...drivers.postgres_pool import Connection, PostgresPool
from ...errors import InvalidInput
from ...model.series import MARK_KINDS, Mark
from ...model.window import Window
from .storable_text import clean

LONGEST_TEXT = 500


def add_mark(pool: PostgresPool, mark: Mark) -> None:
    """Keep one mark. Raises InvalidInput for an unknown kind, a naive instant or a text that is empty or too long."""
    if mark.kind not in MARK_KINDS:
        raise InvalidInput(f"a mark is one of {', '.join(sorted(MARK_KINDS))}")
    if mark.ts.tzinfo is None:
        raise InvalidInput("a mark needs a timezone-aware instant")
    if not 1 <= len(mark.text) <= LONGEST_TEXT:
        raise InvalidInput(f"the text of a mark has 1 to {LONGEST_TEXT} characters")
    with pool.connection() as connection:
        add_marks(connection, [mark])


def add_marks(connection: Connection, marks: Sequence[Mark]) -> None:
    """Keep marks inside the caller's transaction; adding the same one twice changes nothing."""
    if marks:
        connection.cursor().executemany(
            "INSERT INTO mark (ts, kind, text, source) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [(m.ts, m.kind, clean(m.text)[:LONGEST_TEXT], clean(m.source)) for m in marks],
        )


def list_marks(pool: PostgresPool, window: Window) -> list[Mark]:
    """Marks in the window, oldest first."""
    with pool.connection() as connection:
        rows = connection.execute(
            "SELECT ts, kind, text, source FROM mark WHERE ts >= %s AND ts < %s ORDER BY ts, id", (window.start, window.end)
        ).fetchall()
    return [Mark(*row) for row in rows]
