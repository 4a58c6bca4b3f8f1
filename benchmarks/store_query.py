"""How long does a range query of six metrics over three instances take, 30 days stored at 10 s? The bar is 50 ms at p95."""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks._samples import EVERY_S, database, info_runs, size_of
from prosepolish_core.model.sample import Kind, Run
from prosepolish_core.model.window import Window
from prosepolish_core.store.retention import Kept, maintain
from prosepolish_core.store.samples import SampleStore

DAYS = 30
SOURCES = ("cache", "state", "third")
GAUGES = ("used_memory", "connected_clients", "mem_fragmentation_ratio")
COUNTERS = ("keyspace_hits", "keyspace_misses", "total_commands_processed")
ROUNDS = 60
#: Replies recorded from a server at work; each day repeats them, counters carried on.
RECORDED = 360


def main(days: int = DAYS, rounds: int = ROUNDS) -> None:
    replies = _settled(list(info_runs(RECORDED)))
    end = datetime.now(UTC).replace(hour=9, minute=17, second=0, microsecond=0)
    first = int((end - timedelta(days=days)).timestamp()) // EVERY_S * EVERY_S
    with database() as (pool, url):
        store = SampleStore(pool)
        began, written = time.perf_counter(), 0
        runs: list[Run] = []
        for n in range(days * 86_400 // EVERY_S):
            runs += [replace(_moved(replies, n, first), source=source) for source in SOURCES]
            if len(runs) >= 1500:
                store.write(runs)
                written, runs = written + len(runs), []
            if n % 8640 == 8639:
                maintain(pool, Kept(raw=7), datetime.fromtimestamp(first + n * EVERY_S, UTC))
        store.write(runs)
        maintain(pool, Kept(raw=7), end)
        print(f"{days} days of {len(SOURCES)} instances, {(written + len(runs)) * len(replies[0].samples):,} samples,", end=" ")
        print(f"written and rolled up in {time.perf_counter() - began:.0f} s")
        for name, pattern in (("raw, 7 days", "^sample_run_"), ("minutes", "^sample_minute$"), ("hours", "^sample_hour$")):
            print(f"  {name:12} {size_of(url, pattern) / 1e6:7.1f} MB")
        for label, seconds in (
            ("30 days", 30 * 86_400),
            ("7 days", 7 * 86_400),
            ("24 hours", 86_400),
            ("6 hours", 21_600),
            ("1 hour", 3600),
        ):
            window = Window(end - timedelta(seconds=min(seconds, days * 86_400)), end)
            both = _timed(lambda w=window: (store.gauges(GAUGES, w), store.increases(COUNTERS, w)), rounds)
            print(f"  {label:9} 3 gauges + 3 counters x {len(SOURCES)}: p50 {both[0]:6.1f} ms, p95 {both[1]:6.1f} ms")
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


def _moved(replies: list[Run], n: int, first: int) -> Run:
    """Reply n of the endless history made of the recorded ones: counters go on where the last round ended."""
    turn, at = divmod(n, len(replies))
    run, tick = replies[at], first + n * EVERY_S
    if turn:
        last = {(s.metric, s.labels): s.value for s in replies[-1].samples if s.kind is Kind.COUNTER}
        samples = tuple(s._replace(value=s.value + turn * last.get((s.metric, s.labels), 0.0)) for s in run.samples)
        run = replace(run, samples=samples)
    return replace(run, tick=tick, ts=datetime.fromtimestamp(tick + 0.02, UTC))


def _timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    work()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
