"""Does anything survive a log-out everywhere that races log-ins, rotations, verifications and the loss of Redis?"""

import random
import threading

from prosepolish_core.sessions.service import Sessions

from .session_stack import PEPPER, stack
from .table import Row

NAME = "log-out everywhere, raced"
FULL, SMALL = 100_000, 500


def run(seed: int, scale: float, small: bool = False) -> Row:
    """Two services (as two processes would be) share the stores; what was there before must be dead in both afterwards.

    A log-in that overlaps the log-out may come after it; then it must be within reach of the next one.
    """
    size = max(int((SMALL if small else FULL) * scale), 10)
    numbers, survivors, orphans = random.Random(seed), 0, 0
    with stack() as (sessions, redis, store):
        other = Sessions(redis, store, pepper=PEPPER, deadline_s=5.0, replay_s=0)
        for i in range(size):
            user = f"u{i}"
            before = [sessions.create(user, "phone").token or "", other.create(user, "laptop").token or ""]
            made: list[str] = []

            def rotate(service: Sessions, token: str, made: list[str] = made) -> None:
                made.append(service.rotate(token, "n").token or "")

            def create(user: str = user) -> None:
                late.append(other.create(user, "late").token or "")

            late: list[str] = []
            actions = [
                lambda user=user: sessions.revoke_all(user),
                lambda: rotate(other, before[0]),
                create,
                lambda: other.verify(before[1]),
            ]
            if numbers.random() < 0.2:
                actions.append(lambda: redis.flushall())
            numbers.shuffle(actions)
            threads = [threading.Thread(target=action) for action in actions]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for service in (sessions, other):
                survivors += sum(bool(service.verify(token)) for token in [*before, *made] if token)
            sessions.revoke_all(user)
            orphans += sum(bool(other.verify(token)) for token in late)
        other.close()
    return Row(
        NAME,
        seed,
        f"{size:,} races",
        f"{survivors} survivors, {orphans} out of reach",
        "0 in 100,000",
        not survivors and not orphans,
    )
