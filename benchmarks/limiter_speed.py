"""How long does a rate-limit decision take beside a bare EVALSHA of a trivial script, and beside the popular limiters?

Medians (p50) of interleaved rounds on one thread and one connection. Every call is admitted: a user's log grows to 80
of 100, an address's to 800 of 1,000, and a new subject begins. The server has one core and all callers the other, and
neither core sleeps. The bare EVALSHA goes through redis-py as anybody would send it.
"""

import statistics
import time
from collections.abc import Callable

from benchmarks._cores import apart
from benchmarks.proofs.peers import NAMES, peers
from benchmarks.proofs.servers import client, valkey
from prosepolish_core.live.limits.limiter import Limiter
from prosepolish_core.model.limit import Limit

CALLS = 150
SIZE = f"p50 of rounds of {CALLS} calls"
#: Ours, and how many times a bare EVALSHA each may take.
OURS = {"one limit": 1.15, "three limits": 1.5}
ONE = [Limit(100, 60)]
ADDRESSES = 50
THREE = [
    [Limit(100, 60), Limit(1000, 60, subject=f"ip:10.0.0.{i}"), Limit(1_000_000, 60, subject="everybody")] for i in range(ADDRESSES)
]


def p50_us(action: Callable[[], object]) -> float:
    """The median of one round."""
    took = []
    for _ in range(CALLS):
        before = time.perf_counter_ns()
        action()
        took.append(time.perf_counter_ns() - before)
    return statistics.median(took) / 1000


def measure(rounds: int = 40, *, with_peers: bool = True) -> dict[str, float]:
    """Name -> median of the rounds' p50 in µs."""
    times: dict[str, list[float]] = {}
    with valkey() as server:
        connection = client(server.port)
        limiter = Limiter(client(server.port), deadline_s=5.0)
        sha = connection.script_load("return 1")
        count, hits = iter(range(10**9)), iter(range(10**9))

        def one() -> object:
            return limiter.check(f"user:{next(count) // 80}", ONE)

        def three() -> object:
            i = next(hits)
            return limiter.check(f"user:{i // 80}:llm", THREE[i // 800 % ADDRESSES])

        actions = {"bare EVALSHA": lambda: connection.evalsha(sha, 1, "user:1:llm"), "one limit": one, "three limits": three}
        with apart(int(connection.info("server")["process_id"])), peers(server.port) as ask:
            for _ in range(rounds):
                for name, action in actions.items():
                    times.setdefault(name, []).append(p50_us(action))
                for name in NAMES if with_peers else ():
                    said = ask(name, "speed", limit=100, window_s=60, calls=CALLS)
                    if "p50_us" in said:
                        times.setdefault(name, []).append(said["p50_us"])
        limiter.close()
    return {name: statistics.median(took) for name, took in times.items()}


def main() -> None:
    """Print the table."""
    figures = measure()
    bare = figures["bare EVALSHA"]
    for name, us in figures.items():
        print(f"{name:32} {us:8.1f} µs  {us / bare:5.2f} x")


if __name__ == "__main__":
    main()
