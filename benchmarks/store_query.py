"""How long does a range query of six metrics over three instances take, 30 days stored at 10 s?

The bar is 50 ms at p95.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks._samples import EVERY_S, database, info_runs, size_of
from benchmarks._table import row
from prosepolish_core.model.sample import Kind, Run
from prosepolish_core.model.window import Window
from prosepolish_core.watch.series.retention import Kept, maintain
from prosepolish_core.watch.series.sample_store import SampleStore

DAYS = 30
SOURCES = ("cache", "state", "third")
GAUGES = ("used_memory", "connected_clients", "mem_fragmentation_ratio")
COUNTERS = ("keyspace_hits", "keyspace_misses", "total_commands_processed")
ROUNDS = 200
#: Replies recorded from a server at work; each day repeats them, counters carried on.
RECORDED = 360


def main(days: int = DAYS, rounds: int = ROUNDS) -> None:
    replies = _settled(list(info_runs(RECORDED)))
    grown = {(s.metric, s.labels): s.value for s in replies[-1].samples if s.kind is Kind.COUNTER}
    end = datetime.now(UTC).replace(hour=9, minute=17, second=0, microsecond=0)
    real = min(2, days)
    first = int((end - timedelta(days=real)).timestamp()) // EVERY_S * EVERY_S
    with database() as (pool, url):
        store = SampleStore(pool)
        began = time.perf_counter()
        runs: list[Run] = []
        for n in range(real * 86_400 // EVERY_S):
            moved = _moved(replies, grown, n, first)
            runs += [replace(moved, source=source) for source in SOURCES]
            if len(runs) >= 1500:
                store.write(runs)
                runs = []
        store.write(runs)
        maintain(pool, Kept(), end)
        _repeat(url, days - real, end)
        samples = days * 86_400 // EVERY_S * len(SOURCES) * len(replies[0].samples)
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print(f"{days} days of {len(SOURCES)} instances at {EVERY_S} s, {samples:,} samples; {real} days written, the roll-ups")
        print(f"of the last whole day repeated for the days before ({time.perf_counter() - began:.0f} s)")
        for name, pattern in ((f"raw, {real} days", "^sample_run_"), ("minutes", "^sample_minute$"), ("hours", "^sample_hour$")):
            print(f"  {name:12} {size_of(url, pattern) / 1e6:7.1f} MB")
        for label, seconds in (
            ("30 days", 30 * 86_400),
            ("7 days", 7 * 86_400),
            ("24 hours", 86_400),
            ("6 hours", 21_600),
            ("1 hour", 3600),
        ):
            window = Window(end - timedelta(seconds=min(seconds, days * 86_400)), end)
            covered = store.coverage("redis_info", window).ratio
            few = rounds if seconds == 30 * 86_400 else max(20, rounds // 4)
            both = _timed(lambda w=window: (store.gauges(GAUGES, w), store.increases(COUNTERS, w)), few)
            print(
                f"  {label:9} 3 gauges + 3 counters x {len(SOURCES)}: p50 {both[0]:6.1f} ms, p95 {both[1]:6.1f} ms,",
                f"own CPU {both[2]:5.1f} ms ({covered:.0%} covered, {few} times)",
            )
            if seconds == 30 * 86_400:
                with psycopg.connect(url) as connection:
                    trip = _timed(lambda c=connection: c.execute("SELECT 1").fetchone(), rounds)
                seen = f"p95 {both[1]:.1f} ms, p50 {both[0]:.1f} ms ({rounds} times; a bare SELECT 1: p95 {trip[1]:.1f} ms)"
                row(
                    f"{days} days of 6 metrics x {len(SOURCES)} instances, stored at {EVERY_S} s",
                    "p95 <= 50 ms",
                    seen,
                    both[1] <= 50,
                )
        window = Window(end - timedelta(days=days), end)
        with psycopg.connect(url) as connection:
            grafana = _timed(
                lambda: connection.execute(
                    "SELECT time, source, metric, mean FROM samples_hour WHERE metric = ANY(%s) AND time >= %s",
                    (list(GAUGES), window.start),
                ).fetchall(),
                max(3, rounds // 6),
            )
            print(f"  {days} days of 3 gauges through the view samples_hour: p50 {grafana[0]:.1f} ms, p95 {grafana[1]:.1f} ms")


def _settled(replies: list[Run]) -> list[Run]:
    """The replies after the server has seen all its commands: its list of metrics no longer grows."""
    return [run for run in replies if len(run.samples) == len(replies[-1].samples)]


def _moved(replies: list[Run], grown: dict[object, float], n: int, first: int) -> Run:
    """Reply n of the endless history made of the recorded ones: counters go on where the last round ended."""
    turn, at = divmod(n, len(replies))
    run, tick = replies[at], first + n * EVERY_S
    samples = run.samples
    if turn:
        samples = tuple(s._replace(value=s.value + turn * grown.get((s.metric, s.labels), 0.0)) for s in samples)
    return replace(run, samples=samples, tick=tick, ts=datetime.fromtimestamp(tick + 0.02, UTC))


def _repeat(url: str, days: int, end: datetime) -> None:
    """Put the roll-ups of the last whole day in the place of each of so many days before it."""
    with psycopg.connect(url) as connection:
        day = (end - timedelta(days=1)).replace(hour=0, minute=0)
        for table in ("sample_minute", "sample_hour"):
            connection.execute(f"DELETE FROM {table} WHERE start < %s", (day,))
            columns = "base, every, count, covered, narrow, wide"
            connection.execute(
                f"INSERT INTO {table} SELECT stream, series, start - n * interval '1 day', {columns}"
                f" FROM {table} CROSS JOIN generate_series(1, %s) AS n WHERE start >= %s AND start < %s",
                (days + 1, day, day + timedelta(days=1)),
            )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _timed(work: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """(median, 95th percentile, own CPU) of one call, in milliseconds."""
    work()
    took, cpu = [], time.process_time()
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[-1], (time.process_time() - cpu) / rounds * 1000


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
