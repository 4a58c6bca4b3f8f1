"""Is a call ever charged to some of its limits only, with 32 clients contending for three limits a call?"""

import json
import random
import subprocess
import sys
import threading
from collections import Counter

from prosepolish_core.live.limits.limiter import Limiter
from prosepolish_core.model.limit import Limit

from .servers import client, valkey
from .table import Row

NAME = "partial charges under contention"
FULL, SMALL = 1_000_000, 30_000
PROCESSES, THREADS = 2, 16
#: Decisions of one round; each round begins with an empty server, and ends before a window does.
ROUND = 20_000
USERS, ADDRESSES = 12, 4
HOUR = 3600


def limits_of(user: int, address: int) -> list[Limit]:
    """Per user (log), per address (window), for everybody (log)."""
    return [
        Limit(200, HOUR, "log"),
        Limit(900, HOUR, "window", subject=f"ip:{address}"),
        Limit(3000, HOUR, "log", subject="everybody"),
    ]


def work(port: int, seed: int, size: int) -> dict[str, int]:
    """One process of sixteen clients; gives what its allowed calls must have been charged to."""
    charged: Counter[str] = Counter()
    lock = threading.Lock()

    def one(me: int) -> None:
        numbers, mine = random.Random(seed * 100 + me), Counter[str]()
        limiter = Limiter(client(port, pool_size=2), deadline_s=10.0)
        for _ in range(size // THREADS):
            user, address, cost = numbers.randrange(USERS), numbers.randrange(ADDRESSES), numbers.choice((1, 1, 2, 3))
            said = limiter.check(f"user:{user}", limits_of(user, address), cost)
            mine["degraded"] += said.degraded
            if said.allowed:
                for key in (f"user:{user}", f"ip:{address}", "everybody"):
                    mine[key] += cost
        limiter.close()
        with lock:
            charged.update(mine)

    threads = [threading.Thread(target=one, args=(me,)) for me in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(charged)


def run(seed: int, scale: float, small: bool = False) -> Row:
    """After every round, each limit must hold exactly the sum of the allowed costs that named it."""
    size = max(int((SMALL if small else FULL) * scale), 1000)
    decisions, partial, degraded, allowed = 0, 0, 0, 0
    with valkey() as server:
        looker = Limiter(client(server.port), deadline_s=5.0)
        command = [sys.executable, "-m", "benchmarks.proofs.contention_campaign"]
        workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        while decisions < size:
            client(server.port).flushall()
            part = max(min(ROUND, size - decisions) // PROCESSES, THREADS)
            for i, worker in enumerate(workers):
                print(server.port, seed + decisions + i, part, file=worker.stdin, flush=True)
            told = sum((Counter(json.loads(worker.stdout.readline())) for worker in workers if worker.stdout), Counter[str]())
            decisions += part // THREADS * THREADS * PROCESSES
            degraded += told["degraded"]
            allowed += told["everybody"]
            for user in range(USERS):
                for address in range(ADDRESSES):
                    states = looker.peek(f"user:{user}", limits_of(user, address)).states
                    used = [state.limit.amount - state.remaining for state in states]
                    partial += used != [told[f"user:{user}"], told[f"ip:{address}"], told["everybody"]]
        for worker in workers:
            worker.communicate(timeout=60)
        looker.close()
    return Row(
        NAME,
        seed,
        f"{decisions:,} decisions, {PROCESSES * THREADS} clients, 3 limits each, cost {allowed:,} admitted",
        f"{partial} partial charges" + (f", {degraded} degraded" if degraded else ""),
        "0 in 1,000,000",
        partial == 0 and degraded == 0,
    )


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(work(*map(int, line.split()))), flush=True)
