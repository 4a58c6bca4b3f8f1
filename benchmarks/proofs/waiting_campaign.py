"""Is a caller who waits exactly `retry_after_s` admitted, and one who waits a microsecond less refused?"""

import random
import time
from concurrent.futures import ThreadPoolExecutor

from prosepolish_core.live.limits.limiter import CHECK, Limiter
from prosepolish_core.model.limit import Limit

from .limits_world import START_US, _Clocked, under_the_worlds_clock
from .servers import client, valkey
from .shards import SHARDS, in_shards
from .table import Row

NAME = "waiting exactly retry_after_s"
FULL, SMALL = 100_000, 4_000
LIMITS = [
    Limit(amount, per_s, how)
    for how in ("log", "gcra", "window")
    for amount, per_s in ((1, 1), (3, 7), (10, 60), (97, 3600), (1000, 86_400))
]


def run(seed: int, scale: float, small: bool = False) -> Row:
    """Under a clock the proof turns, so that "exactly" means to the microsecond;
    a few hundred also by really sleeping.
    """
    size = max(int((SMALL if small else FULL) * scale), 100)
    parts = in_shards(part, seed, size, 1 if small else SHARDS)
    tries, admitted, early, slept, woke = (sum(column) for column in zip(*parts, strict=True))
    ratio = (admitted + woke) / (tries + slept)
    return Row(
        NAME,
        seed,
        f"{tries:,} to the µs and {slept} asleep",
        f"{ratio:.2%} admitted, {early} a µs early",
        "100 % of 100,000",
        ratio == 1 and not early,
    )


def part(seed: int, size: int) -> tuple[int, int, int, int, int]:
    """One process on a server of its own; gives tries, admitted, admitted a µs early, sleepers, sleepers admitted."""
    numbers, tries, admitted, early = random.Random(seed), 0, 0, 0
    with valkey() as server:
        connection = client(server.port)
        clock = _Clocked(connection, deadline_s=5.0)
        limiter = Limiter(connection, scripts=clock, script=under_the_worlds_clock(CHECK.text))
        clock.now = START_US
        while tries < size:
            limit, subject = numbers.choice(LIMITS), f"u{tries}"
            for _ in range(numbers.randrange(1, 40)):
                clock.now += numbers.randrange(limit.per_s * 200_000)
                said = limiter.check(subject, [limit], min(numbers.choice((1, 1, 2, 3, limit.amount)), limit.amount))
                if not said.allowed:
                    cost = said.states[0].limit.amount if numbers.random() < 0.1 else 1
                    wait = limiter.peek(subject, [limit], cost).retry_after_us
                    if wait <= 0:
                        continue
                    tries += 1
                    clock.now += wait - 1
                    early += limiter.peek(subject, [limit], cost).allowed
                    clock.now += 1
                    admitted += limiter.check(subject, [limit], cost).allowed
        limiter.close()
        slept, woke = asleep(server.port, numbers, max(size // 200, 5))
    return tries, admitted, early, slept, woke


def asleep(port: int, numbers: random.Random, size: int) -> tuple[int, int]:
    """The shipped script and `time.sleep`; sleepers of different subjects do not wait for each other."""
    limiter = Limiter(client(port), deadline_s=5.0)
    sleepers = [
        (f"real{i}", Limit(numbers.choice((20, 50, 200)), 1, numbers.choice(("log", "gcra", "window"))), numbers.choice((1, 5)))
        for i in range(size)
    ]

    def sleeper(subject: str, limit: Limit, cost: int) -> bool:
        while (said := limiter.check(subject, [limit], cost)).allowed:
            pass
        time.sleep(said.retry_after_s)
        return limiter.check(subject, [limit]).allowed

    with ThreadPoolExecutor(4) as pool:
        woke = sum(pool.map(sleeper, *zip(*sleepers, strict=True)))
    limiter.close()
    return size, woke
