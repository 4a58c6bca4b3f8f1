"""Do charges equal the distinct request ids when replies are dropped, cut, delayed and duplicated?

How long may a call take?
"""

import threading
import time

from prosepolish_core.live.limits.limiter import Limiter
from prosepolish_core.model.limit import Limit

from .lying_proxy import lying_proxy
from .servers import client, valkey
from .table import Row

NAME = "a lying network"
FULL, SMALL = 100_000, 4_000
THREADS = 4
LIMIT = Limit(1_000_000_000, 3600, "window")


def run(seed: int, scale: float, small: bool = False) -> Row:
    """Every call has a request id and is repeated, with the same id, until the server itself has answered."""
    size = max(int((SMALL if small else FULL) * scale), 100)
    with valkey() as server, lying_proxy(server.port, seed) as port:
        limiter = Limiter(client(port, timeout_s=0.05), deadline_s=0.05)
        direct = Limiter(client(server.port), deadline_s=5.0)
        direct.peek("all", [LIMIT])
        times: list[list[float]] = [[] for _ in range(THREADS)]
        repeats = [0] * THREADS

        def caller(me: int) -> None:
            for i in range(me, size, THREADS):
                while True:
                    before = time.perf_counter()
                    said = limiter.check("all", [LIMIT], 1, f"id-{i}")
                    times[me].append(time.perf_counter() - before)
                    if not said.degraded:
                        break
                    repeats[me] += 1
                    if said.reason == "paused":
                        time.sleep(0.05)

        over, slept = threading.Event(), []

        def sleeper() -> None:  # what the machine itself adds to 50 ms, in the same process at the same time
            while not over.is_set():
                before = time.perf_counter()
                time.sleep(0.05)
                slept.append(time.perf_counter() - before)

        threads = [threading.Thread(target=caller, args=(me,)) for me in range(THREADS)]
        control = threading.Thread(target=sleeper)
        for thread in [control, *threads]:
            thread.start()
        for thread in threads:
            thread.join()
        over.set()
        control.join()
        charges = LIMIT.amount - direct.peek("all", [LIMIT]).remaining
        limiter.close()
        direct.close()
    took = sorted(t for each in times for t in each)
    p999 = took[int(len(took) * 0.999)] * 1000
    return Row(
        NAME,
        seed,
        f"{size:,} ids, {len(took):,} calls, {sum(repeats):,} answers lost or paused",
        f"{charges:,} charges; p99.9 {p999:.1f} ms, longest {took[-1] * 1000:.0f} ms; "
        f"a sleep of 50 ms took up to {max(slept) * 1000:.0f} ms",
        "charges = ids; p99.9 ≤ 60 ms",
        charges == size and p999 <= 60,
    )
