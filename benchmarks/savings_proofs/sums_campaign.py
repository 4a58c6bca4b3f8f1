"""Is every total of the ledger the sum of the rows it drills down to, for any window, zone and month?"""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isclose
from uuid import UUID
from zoneinfo import available_timezones

from benchmarks._stack import postgres
from benchmarks.proofs.table import Row
from prosepolish_core.calc.ledger_sums import as_total
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.calendar_month import CalendarMonth
from prosepolish_core.model.counts import LedgerRow, LedgerTotal
from prosepolish_core.model.llm import CallState, LedgerLine, LlmCall, added
from prosepolish_core.model.provenance import Provenance
from prosepolish_core.model.window import Window
from prosepolish_core.watch.counts.ledger_rows import LedgerRows
from prosepolish_core.watch.counts.ledger_store import LedgerStore
from prosepolish_core.watch.counts.reader import PostgresTelemetry

START, DAYS = datetime(2026, 9, 20, tzinfo=UTC), 100
#: What tells totals apart, and what they add up.
APART = ("kind", "model", "task", "line", "provenance", "also_postgres", "price_date", "price_source")
SUMMED = ("calls", "unpriced", "cost_usd", "then_usd", "then_unpriced", "unknown", "sent", "discount_usd", "duration_s")


def run(seed: int, small: bool, database_url: str = "") -> list[Row]:
    """Random rows, written as processes write them (settled, replaced, removed); any windows, months of any zone."""
    drawn = random.Random(seed)
    windows = 40 if small else 1500
    with ExitStack() as stack:
        pool = PostgresPool(database_url or stack.enter_context(postgres()), size=2, role="proof")
        stack.callback(pool.close)
        count = fill(pool, drawn, 400 if small else 5000)
        reader, rows = PostgresTelemetry(pool, now=lambda: START + timedelta(days=DAYS)), LedgerRows(pool)
        wrong = [str(window) for window in chosen(drawn, windows) if not agrees(reader, rows, window, drawn)]
    told = f"{len(wrong)} windows differ" + (f", the first {wrong[0]}" if wrong else "")
    return [Row("totals = sum of their rows", seed, f"{windows:,} windows, {count:,} rows", told, "0, exact", not wrong)]


def fill(pool: PostgresPool, drawn: random.Random, count: int) -> int:
    """Write rows; settle some that were sent, remove some that are old. How many there are."""
    store = LedgerStore(pool)
    rows = [_row(drawn) for _ in range(count)]
    store.write(rows)
    store.write(
        [row._replace(call=_settled(row.call, drawn)) for row in rows if row.call.state == CallState.SENT and drawn.random() < 0.7]
    )
    with pool.connection() as connection:
        connection.execute("DELETE FROM llm_ledger WHERE ts < %s", (START + timedelta(days=2),))
        found = connection.execute("SELECT count(*) FROM llm_ledger").fetchone()
    return int(found[0]) if found else 0


def chosen(drawn: random.Random, count: int) -> Iterable[Window]:
    """Half of them any two instants, the other half months in any zone."""
    zones = sorted(available_timezones())
    for number in range(count):
        if number % 2:
            yield CalendarMonth.read(drawn.choice(["2026-09", "2026-10", "2026-11", "2026-12"]), drawn.choice(zones)).window
        else:
            one, two = sorted(START + timedelta(microseconds=drawn.randrange(DAYS * 86_400_000_000)) for _ in range(2))
            yield Window(one, two + timedelta(microseconds=1))


def agrees(reader: PostgresTelemetry, rows: LedgerRows, window: Window, drawn: random.Random) -> bool:
    """Each total against the rows that are chosen by what tells it apart; and in buckets, the sum of the buckets."""
    totals = reader.ledger(window)
    every = {total: grouped([total])[_key(total)] for total in totals}
    by_rows = grouped(map(as_total, rows.every(window)))
    if {_key(total): sums for total, sums in every.items()}.keys() != by_rows.keys():
        return False
    if not all(_same(sums, by_rows[_key(total)]) for total, sums in every.items()):
        return False
    in_buckets = grouped(reader.ledger(window, drawn.choice([7, 60, 300])))
    drilled = drawn.choice(totals) if totals else None
    return (
        all(_same(sums, in_buckets[key]) for key, sums in by_rows.items())
        and in_buckets.keys() == by_rows.keys()
        and (drilled is None or _drilled(rows, window, drilled))
    )


def _drilled(rows: LedgerRows, window: Window, total: LedgerTotal) -> bool:
    found = list(rows.every(window, {name: [getattr(total, name)] for name in APART}))
    sums = grouped(map(as_total, found))
    return list(sums) == [_key(total)] and _same(sums[_key(total)], grouped([total])[_key(total)])


def grouped(totals: Iterable[LedgerTotal]) -> dict[tuple[object, ...], dict[str, object]]:
    """Sums by what tells totals apart."""
    found: dict[tuple[object, ...], list[LedgerTotal]] = {}
    for total in totals:
        found.setdefault(_key(total), []).append(total)
    return {key: added(each, *SUMMED) for key, each in found.items()}


def _key(total: LedgerTotal) -> tuple[object, ...]:
    return tuple(getattr(total, name) for name in APART)


def _same(one: dict[str, object], two: dict[str, object]) -> bool:
    """Exact; seconds alone are doubles."""
    seconds = isclose(float(one["duration_s"]), float(two["duration_s"]), rel_tol=1e-9, abs_tol=1e-9)  # type: ignore[arg-type]
    return seconds and all(one[name] == two[name] for name in one if name != "duration_s")


def _row(drawn: random.Random) -> LedgerRow:
    at = START + timedelta(microseconds=drawn.randrange(DAYS * 86_400_000_000))
    if drawn.random() < 0.2:
        at = at.replace(minute=0, second=0, microsecond=drawn.choice([0, 0, 1]))
    call_id = str(UUID(int=drawn.getrandbits(128)))
    paid = drawn.random() < 0.5
    lines = (
        [LedgerLine.ANSWER, LedgerLine.NOTHING, LedgerLine.HOLD_OUT]
        if paid
        else [LedgerLine.REDIS, LedgerLine.POSTGRES, LedgerLine.COALESCED]
    )
    call = LlmCall(
        "paid" if paid else "avoided", drawn.choice(["correct", "define"]), drawn.choice(["m1", "m2"]),
        *(drawn.randrange(5000) for _ in range(4)), _usd(drawn), "2026-01-01", drawn.random() * 9, _usd(drawn), call_id,
        line=drawn.choice(lines), provenance=drawn.choice(list(Provenance)), price_source=drawn.choice(["ours", "theirs"]),
        discount_usd=drawn.choice([None, Decimal("0.0000001")]), also_postgres=drawn.random() < 0.3,
    )  # fmt: skip
    state = drawn.choice([CallState.PRICED] * 7 + [CallState.SENT, CallState.UNKNOWN, CallState.UNPRICED])
    if state != CallState.PRICED:
        call = call._replace(state=state, cost_usd=None, then_usd=None, price_source="", price_date="")
    return LedgerRow(at, call, 1 if paid else drawn.choice([1, 1, 5]), call_id)


def _usd(drawn: random.Random) -> Decimal:
    return Decimal(drawn.randrange(10**9)).scaleb(-12)


def _settled(call: LlmCall, drawn: random.Random) -> LlmCall:
    return call._replace(state=CallState.PRICED, cost_usd=_usd(drawn), price_source="ours")
