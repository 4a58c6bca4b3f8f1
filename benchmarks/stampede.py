"""How many loads does a cold key cost?

Four processes of a hundred callers each; Redis commands, and when the last is answered.
"""

from __future__ import annotations

import argparse
import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis

from benchmarks import _peers
from benchmarks._schedules import Silent
from benchmarks._stack import valkey
from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.live.cache import CacheLink, FamilyCache, Loaded
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.model import keys

PROCESSES, CALLERS, LOAD_S = 4, 100, 0.5
#: Opening a connection is not part of a lookup; commands inside a script are not sent by anybody.
NOT_COUNTED = ("hello", "client", "config", "info", "setinfo", "time", "getrange", "setrange", "publish", "pexpire", "ping")


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stampede", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    print(f"one cold key, {PROCESSES} processes x {CALLERS} callers, {LOAD_S} s to load:")
    for _ in range(arguments.rounds):
        with valkey() as (server, url):
            ours(server.port, url)
    if not arguments.no_peers and _peers.ready():
        for peer in _peers.NAMES:
            with valkey() as (server, _):
                theirs(peer, server.port)


def ours(port: int, url: str) -> None:
    """Ours, in processes of their own."""
    context = multiprocessing.get_context("fork")
    results: Any = context.Queue()
    at = time.time() + 1.5
    processes = [context.Process(target=_callers, args=(url, at, results)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    time.sleep(max(0.0, at - time.time() - 0.1))
    with redis.Redis(port=port) as client:
        client.config_resetstat()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    filled = max(row["filled"] for row in found)
    waiting = [row["sent"] for row in found if not row["loads"]]
    print(
        f"  ours: {sum(row['loads'] for row in found)} load, commands sent by each waiting process {waiting}, "
        f"by the loading one {[row['sent'] for row in found if row['loads']]}; "
        f"the last of {sum(row['answers'] for row in found)} answers {(max(row['last'] for row in found) - filled) * 1e3:.0f} ms "
        f"after the load ended",
        flush=True,
    )


def _callers(url: str, at: float, results: Any) -> None:
    client = connect(url, timeout_s=1.0, pool_size=32, role="stampede")
    server = cache_server(client, timeout_s=1.0, pool_size=32)
    cache = FamilyCache(CacheLink(server), keys.LLM, Silent())
    sent = _count_commands(server)
    loads: list[float] = []

    def load(until: float) -> Loaded:
        time.sleep(LOAD_S)
        loads.append(time.time())
        return Loaded({"text": "v"})

    answers: list[float] = []

    def caller() -> None:
        time.sleep(max(0.0, at - time.time()))
        cache.get_or_load("herd", load, 5.0)
        answers.append(time.time())

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(
        {"loads": len(loads), "filled": max(loads, default=0.0), "last": max(answers), "answers": len(answers), "sent": len(sent)}
    )
    cache.link.close()
    server.close()


def _count_commands(server: Any) -> list[str]:
    """Every command this process sends, the subscription included."""
    sent: list[str] = []
    lines = server._lines
    ask, ask_all, listen = lines.ask, lines.ask_all, server._wakeups._run

    def counted(request: bytes) -> Any:
        sent.append("one")
        return ask(request)

    def counted_all(request: bytes, count: int) -> Any:
        sent.extend(["one"] * count)
        return ask_all(request, count)

    def counted_listen() -> None:
        sent.append("subscribe")
        listen()

    lines.ask, lines.ask_all, server._wakeups._run = counted, counted_all, counted_listen
    return sent


def theirs(peer: str, port: int) -> None:
    """A peer, in processes of its own."""
    at = time.time() + 4.0
    with ThreadPoolExecutor(PROCESSES) as pool:
        jobs = [pool.submit(_peers.ask, peer, "herd", port, callers=CALLERS, at=at, load_s=LOAD_S) for _ in range(PROCESSES)]
        time.sleep(max(0.0, at - time.time() - 0.1))
        with redis.Redis(port=port) as client:
            client.config_resetstat()
            found = [job.result() for job in jobs]
            stats: Any = client.info("commandstats")
    if None in found:
        return
    commands = sum(
        row["calls"] for name, row in stats.items() if name.removeprefix("cmdstat_").partition("|")[0] not in NOT_COUNTED
    )
    ended = min(row["first_load"] for row in found if row["first_load"]) + LOAD_S
    print(
        f"  {peer}: {sum(row['loads'] for row in found)} loads, {commands / PROCESSES:.0f} commands a process; "
        f"the last answer {(max(row['last'] for row in found) - ended) * 1e3:.0f} ms after the first load ended",
        flush=True,
    )


if __name__ == "__main__":
    main()
