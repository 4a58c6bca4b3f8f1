"""The audit table: every action of people, allowed or refused. Rows are added, never changed."""

import logging
from datetime import datetime
from typing import NamedTuple

from ..drivers.postgres_pool import PostgresPool
from ..errors import StoreUnavailable
from .series.storable_text import clean

log = logging.getLogger(__name__)
#: Longest name and subject that are kept; the table holds no texts.
LONGEST_ACTOR, LONGEST_SUBJECT = 200, 300
SHOWN = 500


class AuditRow(NamedTuple):
    """Who wanted to do what, and whether it was allowed."""

    at: datetime
    actor: str
    role: str
    action: str
    subject: str
    outcome: str


class AuditTrail:
    """Adds and reads rows."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def add(self, actor: str, role: str, action: str, subject: str = "", *, allowed: bool = True) -> None:
        """One row, and one line in the log, which is there while PostgreSQL is away too. Raises StoreUnavailable."""
        outcome = "allowed" if allowed else "refused"
        log.info("action %s %s for a %s", action, outcome, role)
        row = (clean(actor)[:LONGEST_ACTOR], role, action, clean(subject)[:LONGEST_SUBJECT], outcome)
        with self._pool.connection() as connection:
            connection.execute("INSERT INTO audit (actor, role, action, subject, outcome) VALUES (%s, %s, %s, %s, %s)", row)

    def try_to_add(self, actor: str, role: str, action: str, subject: str = "") -> bool:
        """The same where the action must go on all the same; whether the row was written."""
        try:
            self.add(actor, role, action, subject)
        except StoreUnavailable as error:
            log.warning("action %s is not in the audit table: %s", action, error.reason)
            return False
        return True

    def newest(self, limit: int = SHOWN) -> list[AuditRow]:
        """The newest rows, newest first."""
        query = "SELECT at, actor, role, action, subject, outcome FROM audit ORDER BY id DESC LIMIT %s"
        with self._pool.connection() as connection:
            return [AuditRow(*row) for row in connection.execute(query, (limit,)).fetchall()]
