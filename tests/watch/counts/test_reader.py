"""Telemetry in a real PostgreSQL: batches are added once, and read back exactly."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter, sleep
from uuid import uuid4

import psycopg
import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import InvalidInput, StoreUnavailable
from prosepolish_core.model.access import packed
from prosepolish_core.model.counts import AccessChunk, EventDelta, LedgerRow, LookupDelta, TelemetryBatch
from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.window import Window
from prosepolish_core.ports import TelemetryReader, TelemetryWriter
from prosepolish_core.watch.counts.reader import PostgresTelemetry
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter
from prosepolish_core.watch.schema.migrate import migrate

pytestmark = pytest.mark.live
NOW = datetime(2026, 11, 23, 12, 34, 56, tzinfo=UTC)
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DEAD = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def writer(database_url: str) -> Iterator[PostgresTelemetryWriter]:
    """A writer with its own connection."""
    found = PostgresTelemetryWriter(PostgresPool(database_url, size=1, role="test"))
    yield found
    found.close()


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    found = PostgresPool(database_url, size=2, role="test")
    yield found
    found.close()


@pytest.fixture
def reader(pool: PostgresPool) -> PostgresTelemetry:
    """A reader whose clock stands still."""
    return PostgresTelemetry(pool, now=lambda: NOW)


def delta(
    ts: datetime, *, steps: int = 3, answers: int = 2, tier: str = "redis", outcome: str = "hit", bound: int = 5
) -> LookupDelta:
    """Some calls, all in one histogram bucket."""
    counts = [0] * len(BOUNDS_S)
    counts[bound] = steps
    return LookupDelta(ts, "dict", tier, outcome, steps, answers, 0.5, tuple(counts))


def call(kind: str = "avoided", cost: str | None = "0.0005") -> LlmCall:
    """A ledger row's call."""
    return LlmCall(
        kind, "correct", "gemini-3.5-flash-lite", 450, 0, 150, 20, None if cost is None else Decimal(cost), "2026-01-01", 1.5
    )


def test_they_have_the_shape_of_their_ports(writer: PostgresTelemetryWriter, reader: PostgresTelemetry) -> None:
    """Both implement what services and views ask for; an empty store gives empty answers."""
    as_writer: TelemetryWriter = writer
    as_reader: TelemetryReader = reader
    window = Window.last(3600, NOW)
    assert as_writer is writer
    assert (as_reader.lookups(window), as_reader.latency(window), as_reader.ledger(window)) == ([], [], [])
    assert (as_reader.events(window), as_reader.newest()) == ({}, None)


def test_the_same_batch_twice_is_added_once(writer: PostgresTelemetryWriter, reader: PostgresTelemetry) -> None:
    """Sending a flush again, as after a lost commit reply, changes nothing; the next one is added."""
    batch = TelemetryBatch(
        uuid4(),
        1,
        (delta(START),),
        (EventDelta(START, "fill", 4),),
        (LedgerRow(START, call()),),
        (AccessChunk(START, "dict", 0.5, packed([(5 << 16, 1.0, 470, 0, 0), (7 << 16, 2.5, 480, 3, 9)], 1.0)),),
    )
    for _ in range(3):
        writer.write(batch)
    writer.write(batch._replace(sequence=2))
    window = Window.last(7200, NOW)
    assert [(r.steps, r.answers, r.sum_s) for r in reader.lookups(window, 1)] == [(6, 4, 1.0)]
    assert reader.events(window) == {"fill": 8}
    assert [(r.calls, r.cost_usd) for r in reader.ledger(window)] == [(2, Decimal("0.0010"))]  # two rows without ids
    assert reader.newest() == START


def test_processes_that_flush_at_once_add_up(database_url: str, reader: PostgresTelemetry) -> None:
    """Eight processes writing the same buckets in different order neither deadlock nor lose a count."""
    rows = [delta(START + timedelta(seconds=10 * n), tier=tier) for n in range(4) for tier in ("redis", "postgres")]

    def flush(worker: int) -> None:
        mine = PostgresTelemetryWriter(PostgresPool(database_url, size=1, role="test"))
        process = uuid4()
        for sequence in range(1, 6):
            mine.write(TelemetryBatch(process, sequence, tuple(rows if worker % 2 else reversed(rows))))
        mine.close()

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(flush, range(8)))
    assert [(r.tier, r.steps) for r in reader.lookups(Window.last(7200, NOW), 1)] == [("postgres", 480), ("redis", 480)]


def test_every_resolution_gives_the_same_totals(writer: PostgresTelemetryWriter, reader: PostgresTelemetry) -> None:
    """However many points are asked for, and over fine or coarse rows, the sums of a window are the same."""
    starts = [NOW - timedelta(seconds=37 * n) for n in range(1, 1500, 7)]
    on_grid = [s.replace(second=s.second - s.second % 10, microsecond=0) for s in starts]
    rows = tuple(delta(ts, steps=n % 5 + 1, answers=1, bound=n % 60) for n, ts in enumerate(on_grid))
    writer.write(TelemetryBatch(uuid4(), 1, rows))
    for length in (600, 3600, 12_345, 86_400):
        window = Window.last(length, NOW)
        inside = [row for row in rows if window.start <= row.ts < window.end]
        for points in (1, 12, 60, 300):
            found = reader.lookups(window, points)
            assert sum(r.steps for r in found) == sum(r.steps for r in inside)
            assert sum(r.answers for r in found) == len(inside)
            histograms = reader.latency(window, points)
            assert sum(h.counts[-1] for h in histograms) == sum(r.steps for r in inside)


def test_a_histogram_is_cumulative_and_merges_outcomes(writer: PostgresTelemetryWriter, reader: PostgresTelemetry) -> None:
    """`counts[i]` calls took at most `bounds_s[i]`; the last is all of them."""
    rows = (delta(START, bound=3), delta(START, bound=7, outcome="miss", steps=4))
    writer.write(TelemetryBatch(uuid4(), 1, rows))
    (found,) = reader.latency(Window.last(7200, NOW))
    assert (found.family, found.tier, found.bounds_s) == ("dict", "redis", BOUNDS_S)
    assert (found.counts[2], found.counts[3], found.counts[6], found.counts[7], found.counts[-1]) == (0, 3, 3, 7, 7)
    assert found.sum_s == 1.0


def test_a_refused_step_is_an_outcome_and_no_time(writer: PostgresTelemetryWriter, reader: PostgresTelemetry) -> None:
    """Refused in microseconds: among the counts, but not among the times, so that no percentile looks better for it."""
    rows = (delta(START, bound=40), delta(START, bound=0, outcome="refused", steps=90))
    writer.write(TelemetryBatch(uuid4(), 1, rows))
    window = Window.last(7200, NOW)
    assert sorted((r.outcome, r.steps) for r in reader.lookups(window, 1)) == [("hit", 3), ("refused", 90)]
    (found,) = reader.latency(window)
    assert (found.counts[0], found.counts[-1], found.sum_s) == (0, 3, 0.5)


def test_corrections_and_definitions_are_totals_of_their_own(writer: PostgresTelemetryWriter, reader: PostgresTelemetry) -> None:
    """One total per task, from single rows and from hours alike."""
    rows = [
        LedgerRow(ts, call()._replace(task=task)) for ts in (NOW - timedelta(hours=30), START) for task in ("correct", "define")
    ]
    writer.write(TelemetryBatch(uuid4(), 1, ledger=tuple(rows)))
    for length, calls in ((3600, 1), (40 * 3600, 2)):
        found = reader.ledger(Window.last(length, NOW))
        assert [(r.task, r.calls) for r in found] == [("correct", calls), ("define", calls)]


def test_an_unpriced_call_is_counted_as_unpriced_in_every_window(
    writer: PostgresTelemetryWriter, reader: PostgresTelemetry
) -> None:
    """Rows and hours tell the same: what has no price adds to `unpriced` and nothing to the cost."""
    old = NOW - timedelta(hours=30)
    rows = [LedgerRow(ts, call("paid", cost)) for ts in (old, START) for cost in ("0.0005", None)]
    rows.append(LedgerRow(START, call("paid", "0.0030"), calls=6))
    writer.write(TelemetryBatch(uuid4(), 1, ledger=tuple(rows)))
    long, short = reader.ledger(Window.last(40 * 3600, NOW)), reader.ledger(Window.last(3600, NOW))
    assert [(r.kind, r.calls, r.unpriced, r.cost_usd) for r in long] == [("paid", 10, 2, Decimal("0.0040"))]
    assert [(r.calls, r.unpriced, r.cost_usd) for r in short] == [(8, 1, Decimal("0.0035"))]
    assert sum(r.calls for r in reader.ledger(Window.last(40 * 3600, NOW), 40)) == 10


def test_what_avoided_calls_cost_in_their_day_is_a_sum_beside_today_s(
    writer: PostgresTelemetryWriter, reader: PostgresTelemetry
) -> None:
    """From single rows and from hours alike;
    a call of which nobody knows is counted, and a paid one cost what it costs.
    """
    rows = []
    for ts in (NOW - timedelta(hours=30), START):
        rows += [LedgerRow(ts, call()._replace(then_usd=then)) for then in (Decimal("0.0002"), Decimal("0.0003"), None)]
        rows.append(LedgerRow(ts, call("paid")))
    writer.write(TelemetryBatch(uuid4(), 1, ledger=tuple(rows)))
    for length, times in ((3600, 1), (40 * 3600, 2)):
        found = [(r.kind, r.cost_usd, r.then_usd, r.then_unpriced) for r in reader.ledger(Window.last(length, NOW))]
        assert found == [
            ("avoided", times * Decimal("0.0015"), times * Decimal("0.0005"), times),
            ("paid", times * Decimal("0.0005"), times * Decimal("0.0005"), 0),
        ]


def test_the_access_trace_comes_back_as_it_was_written(writer: PostgresTelemetryWriter, reader: PostgresTelemetry) -> None:
    """The what-if planner reads packed chunks, oldest first; a row of the version before is left out."""
    chunk = AccessChunk(START, "dict", 0.5, packed([(5 << 16, 1.0, 470, 0, 0), (7 << 16, 2.5, 480, 3, 9)], 1.0))
    earlier = chunk._replace(ts=START - timedelta(minutes=1), family="llm", rate=1.0)
    writer.write(TelemetryBatch(uuid4(), 1, accesses=(chunk, earlier)))
    with reader._pool.connection() as connection:
        connection.execute(
            "INSERT INTO access_chunk (ts, family, rate, key_hashes, offsets_ms, sizes) VALUES (%s, 'dict', 1, '{1}', '{0}', '{9}')",
            (START,),
        )
    assert reader.accesses(Window.last(7200, NOW)) == [earlier, chunk]


def test_a_killed_connection_is_replaced(writer: PostgresTelemetryWriter, reader: PostgresTelemetry, postgres_server: str) -> None:
    """After the server has ended our connection the next flush notices before it sends anything, and uses a new one."""
    process = uuid4()
    writer.write(TelemetryBatch(process, 1, (delta(START),)))
    ours = "FROM pg_stat_activity WHERE application_name = 'prosepolish-test'"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"SELECT pg_terminate_backend(pid) {ours}")
        while admin.execute(f"SELECT count(*) {ours}").fetchone() != (0,):
            sleep(0.01)
    writer.write(TelemetryBatch(process, 2, (delta(START),)))
    assert [r.steps for r in reader.lookups(Window.last(7200, NOW), 1)] == [6]


def test_a_backend_that_has_stopped_holds_nobody(writer: PostgresTelemetryWriter, postgres_server: str) -> None:
    """A server that is alive and answers nothing costs the deadline; the batch is then written on a new connection."""
    process = uuid4()
    writer.write(TelemetryBatch(process, 1, (delta(START),)))
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'prosepolish-test'"
        ((pid,),) = admin.execute(query).fetchall()
        os.kill(pid, signal.SIGSTOP)
        try:
            before = perf_counter()
            with pytest.raises(StoreUnavailable):
                writer.write(TelemetryBatch(process, 2, (delta(START),)))
            assert perf_counter() - before < 10
        finally:
            os.kill(pid, signal.SIGCONT)
    writer.write(TelemetryBatch(process, 2, (delta(START),)))


def test_faults_are_typed(empty_database_url: str) -> None:
    """No server, no schema and impossible data are told apart, and no driver's exception comes through."""
    batch = TelemetryBatch(uuid4(), 1, (delta(START),))
    for url in (DEAD, empty_database_url):
        unready = PostgresTelemetryWriter(PostgresPool(url, size=1, role="test"))
        with pytest.raises(StoreUnavailable):
            unready.write(batch)
        unready.close()
    migrate(empty_database_url)
    ready = PostgresTelemetryWriter(PostgresPool(empty_database_url, size=1, role="test"))
    with pytest.raises(InvalidInput):
        ready.write(TelemetryBatch(uuid4(), 1, events=(EventDelta(START, "nul\x00", 1),)))
    ready.close()


def test_a_reader_without_server_or_schema_says_so(empty_database_url: str) -> None:
    """Views get StoreUnavailable, never a driver's exception."""
    for url in (DEAD, empty_database_url):
        pool = PostgresPool(url, size=2, role="test")
        with pytest.raises(StoreUnavailable):
            PostgresTelemetry(pool).lookups(Window.last(60))
        pool.close()


def test_old_rows_go_and_totals_of_kept_windows_stay(writer: PostgresTelemetryWriter, reader: PostgresTelemetry) -> None:
    """Fine rows go after a day, minutes after weeks; a long window still counts everything, from its hours."""
    ages = (timedelta(hours=1), timedelta(days=20), timedelta(days=50))
    rows = tuple(delta((NOW - age).replace(minute=0, second=0), steps=1, answers=1) for age in ages)
    writer.write(TelemetryBatch(uuid4(), 1, rows, accesses=(AccessChunk(NOW - ages[1], "dict", 1.0, b""),)))
    window = Window(NOW - timedelta(days=60), NOW)
    before = [r.steps for r in reader.lookups(window, 1)]
    assert writer.tidy(NOW) == {"telemetry_lookup": 3, "access_chunk": 1}
    assert writer.tidy(NOW) == {}
    assert [r.steps for r in reader.lookups(window, 1)] == before == [3]
    assert [r.steps for r in reader.lookups(Window(NOW - timedelta(days=21), NOW), 1)] == [2]


EXITS = """
import sys, threading
from prosepolish_core import Config, Core
from prosepolish_core.model.outcome import Family, Outcome, Tier
core = Core.open(Config.from_env({"DATABASE_URL": sys.argv[1], "PROSEPOLISH_FLUSH_S": "300"}))
for _ in range(41):
    core.recorder.hit(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.0002)
thread = threading.Thread(target=lambda: core.recorder.hit(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.0002))
thread.start()
thread.join()
if sys.argv[2] == "error":
    raise SystemExit(3)
"""


@pytest.mark.parametrize("way", ["end", "error"])
def test_a_short_process_that_closes_nothing_loses_nothing(database_url: str, pool: PostgresPool, way: str) -> None:
    """A normal exit, even with an error code, writes what was counted."""
    done = subprocess.run([sys.executable, "-c", EXITS, database_url, way], capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (3 if way == "error" else 0, b"")
    found = PostgresTelemetry(pool).lookups(Window.last(3600), 1)
    assert [(r.family, r.tier, r.outcome, r.answers) for r in found] == [("dict", "redis", "hit", 42)]


def test_events_are_read_per_bucket_with_their_details(writer: PostgresTelemetryWriter, reader: PostgresTelemetry) -> None:
    """A name is also every "name:detail"; what only begins alike is another event."""
    events = (
        EventDelta(START, "limit_denied", 2),
        EventDelta(START, "limit_denied:llm", 2),
        EventDelta(START + timedelta(minutes=5), "limit_denied:login", 3),
        EventDelta(START, "limit_denied_else", 9),
    )
    writer.write(TelemetryBatch(uuid4(), 1, events=events))
    window = Window(START, START + timedelta(minutes=10))
    found = reader.event_courses(["limit_denied"], window, 10)
    assert [(row.ts, row.name, row.amount) for row in found] == [
        (START, "limit_denied", 2),
        (START, "limit_denied:llm", 2),
        (START + timedelta(minutes=5), "limit_denied:login", 3),
    ]
    assert reader.event_courses([], window, 10) == []
    assert [row.amount for row in reader.event_courses(["limit_denied"], Window.last(86_400, NOW), 1)] == [2, 2, 3]
