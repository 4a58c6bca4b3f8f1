"""Does a pool of PostgreSQL connections come back after an outage under load, and what does a call cost?

Ours beside psycopg_pool.

Twenty-four threads ask without a pause while PostgreSQL refuses every connection (or takes it and says nothing) for
longer than the pool's `reconnect_timeout`; then the seconds until one call is answered, and until all 24 are.
"""

from __future__ import annotations

import argparse
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from time import monotonic, perf_counter, sleep

import psycopg
from psycopg_pool import ConnectionPool

from benchmarks._stack import postgres
from prosepolish_core.drivers.postgres_connection import DeadlineConnection
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreUnavailable
from tests.support.gate import Gate

SIZE, THREADS, WAIT_S, RECONNECT_S, GIVE_UP_S = 4, 24, 0.25, 2.0, 30.0
Ask = Callable[[], object]


def ours(url: str, wait_s: float) -> tuple[Ask, Callable[[], None]]:
    pool = PostgresPool(url, size=SIZE, role="bench", autocommit=True)
    return lambda: pool.ask(one, within_s=wait_s), pool.close


def theirs(url: str, wait_s: float, max_waiting: int) -> tuple[Ask, Callable[[], None]]:
    pool = ConnectionPool(
        url,
        connection_class=DeadlineConnection,
        min_size=0,
        max_size=SIZE,
        max_waiting=max_waiting,
        reconnect_timeout=RECONNECT_S,
        open=True,
        kwargs={"autocommit": True, "connect_timeout": 2},
    )

    def ask() -> object:
        with pool.connection(timeout=wait_s) as connection:
            return one(connection)

    return ask, lambda: pool.close(timeout=1.0)


def one(connection: psycopg.Connection) -> object:
    return connection.execute("SELECT 1").fetchone()


Make = Callable[[str, float], tuple[Ask, Callable[[], None]]]
MAKES: dict[str, Make] = {
    "psycopg_pool, max_waiting=64": lambda url, wait_s: theirs(url, wait_s, 64),
    "psycopg_pool, no max_waiting": lambda url, wait_s: theirs(url, wait_s, 0),
    "ours": ours,
}


def recovery(make: Make, gate: Gate, fault: str, away_s: float) -> tuple[float, float, float]:
    """Seconds until the first and until the last thread is answered, and the longest that one call took meanwhile."""
    ask, close = make(gate.url(), WAIT_S)
    first(ask)
    back, longest, firsts, over = threading.Event(), [0.0], [], threading.Event()

    def hammer() -> None:
        while not over.is_set():
            began = monotonic()
            with suppress(psycopg.Error, StoreUnavailable):
                ask()
                if back.is_set() and began > returned[0]:
                    firsts.append(monotonic() - returned[0])
                    return
            longest[0] = max(longest[0], monotonic() - began)

    returned = [float("inf")]
    threads = [threading.Thread(target=hammer, daemon=True) for _ in range(THREADS)]
    with gate.shut() if fault == "refused" else gate.silent():
        for thread in threads:
            thread.start()
        sleep(away_s)
    returned[0] = monotonic()
    back.set()
    while len(firsts) < THREADS and monotonic() - returned[0] < GIVE_UP_S:
        sleep(0.01)
    over.set()
    for thread in threads:
        thread.join(5)
    close()
    never = float("inf")
    return min(firsts, default=never), max(firsts) if len(firsts) == THREADS else never, longest[0]


def first(ask: Ask) -> None:
    """Ask until there is a connection."""
    while True:
        with suppress(psycopg.Error, StoreUnavailable):
            ask()
            return


def per_call_us(make: Make, url: str, rounds: int, calls: int) -> float:
    """Median microseconds of one SELECT 1, the pool's own work included."""
    ask, close = make(url, GIVE_UP_S)
    first(ask)
    times = []
    for _ in range(rounds):
        began = perf_counter()
        for _ in range(calls):
            ask()
        times.append((perf_counter() - began) / calls * 1e6)
    close()
    return median(times)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.postgres_pools", description=__doc__)
    parser.add_argument("--away", type=float, default=12.0, help="seconds of outage")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=1000)
    arguments = parser.parse_args()
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    with postgres() as url:
        gate = Gate(url)
        print(f"{'':42}{'first s':>10}{'all s':>10}{'longest call s':>16}{'us per call':>13}")
        for name, make in MAKES.items():
            cost = per_call_us(make, url, arguments.rounds, arguments.calls)
            for fault in ("refused", "half-open"):
                soonest, last, longest = recovery(make, gate, fault, arguments.away)
                print(f"{name:30}{fault:>12}{soonest:10.2f}{last:10.2f}{longest:16.2f}{cost:13.1f}", flush=True)
        gate.close()


if __name__ == "__main__":
    main()
