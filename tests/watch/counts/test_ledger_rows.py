"""Single rows of the ledger, read back from a real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.counts import LedgerRow
from prosepolish_core.model.llm import CallState, LedgerLine, LlmCall
from prosepolish_core.model.provenance import Provenance
from prosepolish_core.model.window import Window
from prosepolish_core.watch.counts import ledger_rows
from prosepolish_core.watch.counts.ledger_rows import LedgerRows
from prosepolish_core.watch.counts.ledger_store import LedgerStore

pytestmark = pytest.mark.live
START = datetime(2026, 11, 1, tzinfo=UTC)
CALL = LlmCall("paid", "correct", "m", 450, 20, 150, 7, Decimal("0.000510"), "2026-01-01", 1.5, price_source="ours")


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    found = PostgresPool(database_url, size=2, role="test")
    yield found
    found.close()


def row(minute: int, **more: object) -> LedgerRow:
    """A row of the month's first hours."""
    call_id = str(uuid4())
    return LedgerRow(START + timedelta(minutes=minute), CALL._replace(call_id=call_id, **more), 1, call_id)  # type: ignore[arg-type]


def test_rows_come_back_as_they_were_written_oldest_first(pool: PostgresPool) -> None:
    """Every column, exact; what lies outside the window stays out."""
    rows = [
        row(1, then_usd=Decimal("0.000510"), discount_usd=Decimal("0.0000054"), detail="x"),
        row(2, kind="avoided", line=LedgerLine.REDIS, then_usd=None, of_call=str(uuid4()), also_postgres=True),
        row(3, cost_usd=None, then_usd=None, state=CallState.UNKNOWN, line=LedgerLine.NOTHING, provenance=Provenance.TEST),
    ]
    LedgerStore(pool).write([*reversed(rows), row(60)])
    found = LedgerRows(pool).page(Window(START, START + timedelta(minutes=60)))
    assert found == rows


def test_pages_miss_nothing_and_repeat_nothing(pool: PostgresPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also among rows of one instant."""
    monkeypatch.setattr(ledger_rows, "PAGE", 7)
    rows = [row(n // 10) for n in range(40)]
    LedgerStore(pool).write(rows)
    window = Window(START, START + timedelta(hours=1))
    reader = LedgerRows(pool)
    found = list(reader.every(window))
    assert sorted(r.call_id for r in found) == sorted(r.call_id for r in rows)
    assert found == sorted(found, key=lambda r: (r.ts, r.call_id))
    assert [r.call_id for r in reader.page(window, limit=3)] == [r.call_id for r in found[:3]]


def test_rows_are_chosen_by_what_tells_totals_apart(pool: PostgresPool) -> None:
    """And by nothing else."""
    mine, other = row(1, kind="avoided", line=LedgerLine.COALESCED), row(2)
    LedgerStore(pool).write([mine, other])
    window = Window(START, START + timedelta(hours=1))
    reader = LedgerRows(pool)
    assert [r.call_id for r in reader.page(window, {"line": [LedgerLine.COALESCED], "also_postgres": [False]})] == [mine.call_id]
    assert reader.page(window, {"model": []}) == []
    with pytest.raises(KeyError):
        reader.page(window, {"1=1; --": ["x"]})


def test_one_call_is_found_with_those_that_it_spared(pool: PostgresPool) -> None:
    """By its id; a text that is no id finds nothing."""
    paid = row(1)
    spared = [row(n, kind="avoided", line=LedgerLine.REDIS, of_call=paid.call_id) for n in (2, 3)]
    LedgerStore(pool).write([paid, *spared, row(4)])
    reader = LedgerRows(pool)
    assert [r.call_id for r in reader.call(paid.call_id)] == [r.call_id for r in (paid, *spared)]
    assert reader.call("nobody") == []
