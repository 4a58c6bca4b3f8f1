"""Does a client whose rotation's reply was lost always get the same successor, and never a theft alarm?"""

import random
from concurrent.futures import ThreadPoolExecutor

from .session_stack import stack
from .shards import SHARDS, in_shards
from .table import Row

NAME = "lost replies"
FULL, SMALL = 100_000, 600


def run(seed: int, scale: float, small: bool = False) -> Row:
    """Rotate, lose the reply, ask again with the same nonce:
    once, thrice, from two threads at once, or after Redis lost all.
    """
    size = max(int((SMALL if small else FULL) * scale), 20)
    parts = in_shards(part, seed, size, 1 if small else SHARDS)
    alarms, forks, dead = (sum(column) for column in list(zip(*parts, strict=True))[:3])
    return Row(
        NAME,
        seed,
        f"{size:,} lost replies",
        f"{alarms} false alarms, {forks} forks, {dead} dead successors",
        "0 in 100,000",
        not alarms and not forks and not dead and all(rings for *_, rings in parts),
    )


def part(seed: int, size: int) -> tuple[int, int, int, bool]:
    """One process on servers of its own; gives false alarms, forks, dead successors, and whether a true theft rings."""
    numbers, alarms, forks, dead = random.Random(seed), 0, 0, 0
    with stack() as (sessions, redis, _):
        token = ""
        for i in range(size):
            if i % 50 == 0:
                token = sessions.create(f"u{i % 500}", "device").token or ""
            nonce = f"n{i}"
            first = sessions.rotate(token, nonce)  # the caller never sees this one
            if numbers.random() < 0.05:
                redis.flushall()
            if numbers.random() < 0.2:
                with ThreadPoolExecutor(2) as pool:
                    again = list(pool.map(sessions.rotate, [token] * 2, [nonce] * 2))
            else:
                again = [sessions.rotate(token, nonce) for _ in range(numbers.choice((1, 1, 3)))]
            alarms += sum(answer.reason == "reuse" for answer in again)
            forks += sum(answer.token != first.token for answer in again)
            if not again[0].token:
                token = sessions.create(f"u{i % 500}", "device").token or ""
                continue
            dead += not sessions.verify(again[0].token)
            token = again[0].token
        # the alarm does ring when it should: the token before, without its nonce
        before = sessions.create("thief", "").token or ""
        after = sessions.rotate(before, "n").token or ""
        rings = sessions.rotate(before, "other").reason == "reuse" and not sessions.verify(after)
    return alarms, forks, dead, rings
