"""Single rows of the ledger, read back page by page: what every total is the sum of, down to one call."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from ...drivers.postgres_pool import PostgresPool
from ...model.counts import LedgerRow
from ...model.llm import LlmCall
from ...model.window import Window

#: Rows of one page unless the caller says otherwise.
PAGE = 1000
#: What a total may be told apart by, and so what rows may be chosen by.
CHOSEN_BY = (
    "kind", "line", "provenance", "task", "model", "price_date", "price_source", "state", "detail", "also_postgres",
)  # fmt: skip
_CALL = tuple(name for name in LlmCall._fields if name not in {"call_id", "of_call"})
_SELECT = f"SELECT ts, calls, call_id::text, coalesce(of_call::text, ''), {', '.join(_CALL)} FROM llm_ledger"

Chosen = Mapping[str, Collection[Any]]


class LedgerRows:
    """Every method raises StoreUnavailable when PostgreSQL is away."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def page(
        self, window: Window, chosen: Chosen | None = None, *, after: LedgerRow | None = None, limit: int = PAGE
    ) -> list[LedgerRow]:
        """The oldest rows of the window; `chosen` maps a column to the values wanted. `after` goes on behind a row."""
        where, values = ["ts >= %(start)s", "ts < %(end)s"], {"start": window.start, "end": window.end, "limit": limit}
        for name, wanted in (chosen or {}).items():
            if name not in CHOSEN_BY:
                raise KeyError(name)
            where.append(f"{name} = ANY(%({name})s)")
            values[name] = list(wanted)
        if after is not None:
            where.append("(ts, call_id) > (%(after)s, %(after_id)s::uuid)")
            values |= {"after": after.ts, "after_id": after.call_id}
        found = self._query(f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY ts, call_id LIMIT %(limit)s", values)
        return [_row(row) for row in found]

    def every(self, window: Window, chosen: Chosen | None = None) -> Iterator[LedgerRow]:
        """All of them, a page at a time."""
        rows = self.page(window, chosen)
        while rows:
            yield from rows
            rows = self.page(window, chosen, after=rows[-1]) if len(rows) == PAGE else []

    def call(self, call_id: str) -> list[LedgerRow]:
        """One call, and those that its answer spared, oldest first; empty when there is none of this id."""
        try:
            wanted = UUID(call_id)
        except ValueError:
            return []
        statement = f"{_SELECT} WHERE call_id = %(id)s OR of_call = %(id)s ORDER BY ts, call_id LIMIT {PAGE}"
        return [_row(row) for row in self._query(statement, {"id": wanted})]

    def _query(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with self._pool.connection() as connection:
            return connection.execute(statement, values).fetchall()


def _row(found: tuple[Any, ...]) -> LedgerRow:
    ts, calls, call_id, of_call, *rest = found
    return LedgerRow(ts, LlmCall(**dict(zip(_CALL, rest, strict=True)), call_id=call_id, of_call=of_call), calls, call_id)
