"""Does anything survive a log-out everywhere that races log-ins, rotations, verifications and the loss of Redis?"""

import random
import threading
from collections.abc import Callable

from prosepolish_core.live.sessions.service import Sessions

from .session_stack import PEPPER, stack
from .shards import SHARDS, in_shards
from .table import Row

NAME = "log-out everywhere, raced"
FULL, SMALL = 100_000, 500


def one_race(sessions: Sessions, other: Sessions, user: str, extra: list[Callable[[], object]], seed: int) -> tuple[int, int]:
    """Gives the tokens of before that live on, and the late ones that the next log-out does not reach."""
    before = [sessions.create(user, "phone").token or "", other.create(user, "laptop").token or ""]
    made: list[str] = []
    late: list[str] = []
    actions: list[Callable[[], object]] = [
        lambda: sessions.revoke_all(user),
        lambda: made.append(other.rotate(before[0], "n").token or ""),
        lambda: late.append(other.create(user, "late").token or ""),
        lambda: other.verify(before[1]),
        *extra,
    ]
    random.Random(seed).shuffle(actions)
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    survivors = sum(bool(service.verify(token)) for service in (sessions, other) for token in [*before, *made] if token)
    sessions.revoke_all(user)
    return survivors, sum(bool(other.verify(token)) for token in late)


def run(seed: int, scale: float, small: bool = False) -> Row:
    """Two services (as two processes would be) share the stores; what was there before must be dead in both afterwards.

    A log-in that overlaps the log-out may come after it; then it must be within reach of the next one.
    """
    size = max(int((SMALL if small else FULL) * scale), 10)
    parts = in_shards(part, seed, size, 1 if small else SHARDS)
    survivors, orphans = (sum(column) for column in zip(*parts, strict=True))
    told = f"{survivors} survivors, {orphans} out of reach"
    return Row(NAME, seed, f"{size:,} races", told, "0 in 100,000", not survivors and not orphans)


def part(seed: int, size: int) -> tuple[int, int]:
    """One process on servers of its own; gives survivors and late log-ins out of reach."""
    survivors, orphans = 0, 0
    with stack() as (sessions, redis, store):
        other = Sessions(redis, store, pepper=PEPPER, deadline_s=5.0, replay_s=0)
        for i in range(size):
            alive, unreached = one_race(sessions, other, f"u{i}", [redis.flushall] if i % 5 == 0 else [], seed + i)
            survivors += alive
            orphans += unreached
        other.close()
    return survivors, orphans
