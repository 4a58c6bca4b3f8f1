"""Are concurrent session histories linearizable?

Log-in, rotation, lost reply, reuse, log-out, expiry and Redis loss at once.
"""

import random
import threading
import time
from typing import Any

from prosepolish_core.errors import SessionUnavailable
from prosepolish_core.live.sessions.service import Sessions

from .linearizability import Operation, linearizable
from .session_spec import State, step
from .session_stack import Stack, bent, stack
from .shards import SHARDS, in_shards
from .table import Row

NAME = "session histories"
FULL, SMALL = 50_000, 250
#: Calls of one client in one history, and the life of a session in histories that let sessions expire.
CALLS = 4
SHORT_S = 0.06
NEVER = float("inf")


class Scene:
    """One user, the tokens handed out so far (log-in, token, nonce of its rotation), and the history."""

    def __init__(self, stacked: Stack, sessions: Sessions, user: str, life_s: float | None) -> None:
        self.stack, self.sessions, self.user, self.life_s = stacked, sessions, user, life_s
        self.tokens: list[tuple[str, str, str]] = []
        self.history: list[Operation] = []

    def call(self, numbers: random.Random, name: str) -> None:
        """One operation of one client, recorded with its instants."""
        kind = numbers.choices(
            ("create", "verify", "rotate", "lost", "reuse", "revoke", "revoke_all", "lose_redis"), (2, 7, 4, 3, 1, 1, 1, 1)
        )[0]
        if not self.tokens or kind == "create":
            self._create(name)
            return
        login, token, _ = numbers.choice(self.tokens[-4:])
        nonce = f"n{numbers.getrandbits(40)}"
        if kind == "verify":
            self._record(("verify", login, token), lambda: bool(self.sessions.verify(token)), None)
        elif kind == "rotate":
            self._rotate(login, token, nonce)
        elif kind == "lost":
            self._record(("rotate", login, token, nonce), lambda: self.sessions.rotate(token, nonce) and "lost", "lost")
            self._rotate(login, token, nonce)
        elif kind == "reuse":
            self._rotate(login, token, "")
        elif kind == "revoke":
            self._record(("revoke", login), lambda: self.sessions.revoke(token).sessions, -1)
        elif kind == "revoke_all":
            self._record(("revoke_all",), lambda: self.sessions.revoke_all(self.user).sessions, -1)
        else:
            self._record(("lose_redis",), lambda: bool(self.stack.redis.flushall()), None)

    def _create(self, name: str) -> None:
        before = time.monotonic()
        session = self.sessions.create(self.user, name)
        after = time.monotonic()
        self.history.append(Operation(before, after, ("create", session.handle), session.token))
        self.tokens.append((session.handle, session.token or "", ""))
        if self.life_s is not None:  # it ends by itself, at an instant known to within the call that made it
            self.history.append(
                Operation(before + self.life_s - 0.002, after + self.life_s + 0.002, ("expire", session.handle), -1)
            )

    def _rotate(self, login: str, token: str, nonce: str) -> None:
        def act() -> str:
            session = self.sessions.rotate(token, nonce or None)
            if session.token:
                self.tokens.append((login, session.token, nonce))
            return session.token or session.reason

        self._record(("rotate", login, token, nonce), act, "lost")

    def _record(self, asked: tuple[Any, ...], act: Any, unknown: Any) -> None:
        before = time.monotonic()
        try:
            answered = act()
        except SessionUnavailable:
            if unknown is not None:
                self.history.append(Operation(before, NEVER, asked, unknown))
            return
        if asked[0] == "rotate" and unknown == "lost" and not isinstance(answered, str):
            answered = "lost"
        self.history.append(Operation(before, time.monotonic(), asked, answered))


def one_history(stacked: Stack, sessions: Sessions, seed: int, life_s: float | None) -> Scene:
    """2 to 8 clients at once on one user."""
    numbers = random.Random(seed)
    scene = Scene(stacked, sessions, f"user-{seed}", life_s)
    scene._create("first")

    def client(me: int) -> None:
        mine = random.Random(seed * 16 + me)
        for i in range(CALLS):
            scene.call(mine, f"{me}-{i}")
            if life_s is not None and mine.random() < 0.3:
                time.sleep(mine.random() * life_s)

    threads = [threading.Thread(target=client, args=(me,)) for me in range(numbers.randrange(2, 9))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return scene


def run(seed: int, scale: float, small: bool = False) -> Row:
    """Every fourth history lets its sessions expire."""
    size = max(int((SMALL if small else FULL) * scale), 8)
    parts = in_shards(part, seed, size, 1 if small else SHARDS)
    violations, operations = (sum(column) for column in zip(*parts, strict=True))
    told = f"{size:,} histories, {operations:,} operations, 2-8 clients"
    return Row(NAME, seed, told, f"{violations} violations", "0 in 50,000", not violations)


def part(seed: int, size: int) -> tuple[int, int]:
    """One process on servers of its own; gives violations and operations."""
    violations, operations = 0, 0
    short = bent(absolute_s=SHORT_S, idle_s=SHORT_S)
    with stack(bent(cap=1000)) as stacked:
        expiring = Sessions(stacked.redis, stacked.store, pepper=b"another pepper", rules=short, deadline_s=5.0, replay_s=0)
        for i in range(size):
            brief = i % 4 == 3
            scene = one_history(stacked, expiring if brief else stacked.sessions, seed + i, SHORT_S if brief else None)
            operations += len(scene.history)
            if not linearizable(scene.history, State(), step):
                violations += 1
                if violations <= 2:
                    show(scene, seed + i)
        expiring.close()
    return violations, operations


def show(scene: Scene, seed: int) -> None:
    """A violation, token by short name."""
    names = {token: f"T{i}" for i, (_, token, _) in enumerate(scene.tokens)}
    print(f"not linearizable (seed {seed}):")
    start = min(operation.called for operation in scene.history)
    for operation in sorted(scene.history):
        asked = [names.get(part, str(part)[:12]) for part in operation.asked]
        said = names.get(operation.answered, operation.answered) if isinstance(operation.answered, str) else operation.answered
        print(f"  {(operation.called - start) * 1e3:8.3f} {(operation.returned - start) * 1e3:8.3f} {asked} -> {str(said)[:20]}")
