"""How much CPU does storing a run cost, and how many samples a second does one process store? The bar is 40,000."""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks._samples import EVERY_S, copies, database, info_runs
from benchmarks._table import row
from prosepolish_core.model.sample import Run
from prosepolish_core.watch.series.sample_store import SampleStore

SOURCES = 1000
ROUNDS = 6


def main(sources: int = SOURCES, rounds: int = ROUNDS) -> None:
    replies = list(info_runs(rounds + 2))
    with database() as (pool, url):
        store = SampleStore(pool)
        size = len(replies[0].samples)
        store.write(copies(replies[0], sources))
        ours, peers = [], []
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE peer (ts timestamptz, source text, metric text, value double precision)")
            connection.execute("CREATE INDEX ON peer (metric, source, ts)")
        for reply in replies[1 : rounds + 1]:
            runs = copies(reply, sources)
            ours.append(_timed(lambda runs=runs: store.write(runs)))
            peers.append(_timed(lambda runs=runs: _plain(url, runs[: max(1, sources // 20)])))
        wall, cpu = (statistics.median(r[i] for r in ours) for i in (0, 1))
        peer_wall, peer_cpu = (statistics.median(r[i] for r in peers) * sources / max(1, sources // 20) for i in (0, 1))
        print(f"{sources} instances a round, {size} samples each; medians of {rounds} interleaved rounds")
        rate = f"{cpu / sources * 1e6:5.0f} µs a run, {sources * size / wall:9,.0f} samples/s"
        print(f"packed runs : {wall:6.2f} s wall, {cpu:6.2f} s own CPU = {rate}")
        print(f"plain rows  : {peer_wall:6.2f} s wall, {peer_cpu:6.2f} s own CPU (COPY of one row a sample, one index)")
        stored = sources * size / wall
        row("samples stored a second by one process, while busy", ">= 40,000", f"{stored:,.0f}", stored >= 40_000)
        print(f"ratio       : {peer_wall / wall:.1f} x wall, {peer_cpu / cpu:.1f} x own CPU")
        print(f"at one round every 5 s: {cpu / 5 * 100:.0f} % of one core, {sources * size / 5:,.0f} samples/s")
        one = []
        for n in range(60):
            ts = datetime.now(UTC) + timedelta(seconds=n * EVERY_S)
            run = replace(replies[n % 2 - 2], tick=int(ts.timestamp()), ts=ts)
            one.append(_timed(lambda run=run: store.write([run])))
        wall, cpu = (statistics.median(o[i] for o in one) for i in (0, 1))
        print(f"one run alone: {cpu * 1e6:.0f} µs own CPU, {wall * 1e3:.2f} ms wall")


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _plain(url: str, runs: list[Run]) -> None:
    with psycopg.connect(url) as connection, connection.cursor().copy("COPY peer FROM STDIN") as copy:
        for run in runs:
            for sample in run.samples:
                copy.write_row((run.ts, run.source, sample.metric, sample.value))


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
