"""Profiles and settings in PostgreSQL: the truth behind their copies in Redis, within the caller's deadline."""

from collections.abc import Mapping
from typing import Any

import orjson
from psycopg.errors import CheckViolation

from ...drivers.postgres_pool import Connection, PostgresPool
from ...errors import InvalidInput, StoreRefused
from ...model.outcome import Family
from ...model.people import PersonRow

#: Longest statement by the server's clock: who asks has left long before.
STATEMENT_S = 2.0

TABLES = {Family.PROFILE: "user_profile", Family.SETTINGS: "user_settings"}
_READ = {family: f"SELECT data::text, version FROM {table} WHERE user_id = %s" for family, table in TABLES.items()}
_MERGE = {
    family: f"""
INSERT INTO {table} AS t (user_id, data) VALUES (%(user_id)s, %(set)s::jsonb)
ON CONFLICT (user_id) DO UPDATE
SET data = (t.data || excluded.data) - %(remove)s::text[], version = t.version + 1, updated_at = now()
RETURNING data::text, version"""
    for family, table in TABLES.items()
}
_NOTHING = PersonRow({}, 0)


class PostgresPeople:
    """The store of users: profiles and settings. At most `size` connections, opened when first needed."""

    def __init__(self, url: str, *, size: int) -> None:
        self.pool = PostgresPool(url, size=size, role="people", statement_s=STATEMENT_S, autocommit=True)

    def read(self, family: Family, user_id: str, timeout_s: float) -> PersonRow:
        """What is kept of this user. A read may be repeated on another connection, a change may not."""
        return self._row(_READ[family], (user_id,), timeout_s, repeats=True)

    def merge(self, family: Family, user_id: str, changes: Mapping[str, object], timeout_s: float) -> PersonRow:
        """Set the fields given, remove those given as None."""
        values = {
            "user_id": user_id,
            "set": orjson.dumps({name: value for name, value in changes.items() if value is not None}).decode(),
            "remove": [name for name, value in changes.items() if value is None],
        }
        return self._row(_MERGE[family], values, timeout_s, repeats=False)

    def close(self) -> None:
        """Close every connection."""
        self.pool.close()

    def _row(self, statement: str, values: Any, timeout_s: float, *, repeats: bool) -> PersonRow:
        try:
            row = self.pool.ask(_one, statement, values, within_s=timeout_s, repeats=repeats)
        except StoreRefused as refused:
            if isinstance(refused.__cause__, CheckViolation):
                raise InvalidInput("this would grow over 64 KB; nothing was changed") from None
            raise InvalidInput("PostgreSQL cannot keep this; nothing was changed") from refused
        return PersonRow(orjson.loads(row[0]), row[1]) if row else _NOTHING


def _one(connection: Connection, statement: str, values: Any) -> Any:
    return connection.execute(statement, values).fetchone()
