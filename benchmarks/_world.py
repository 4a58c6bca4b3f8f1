"""A small deterministic world: actors take turns where they would wait,
a seed decides whose turn it is, time is virtual.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from greenlet import getcurrent, greenlet

#: Longest pause between two turns of one actor, in seconds of the world.
LONGEST_STEP_S = 0.02


class Over(Exception):
    """The world took more turns than it may: somebody waits for ever."""


class World:
    """Runs actors until the given ones are done. The same seed gives the same run."""

    def __init__(self, seed: int, most_turns: int = 20_000) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self._queue: list[tuple[float, int, greenlet, int]] = []
        self._order = count()
        self._scheduler = getcurrent()
        self._asleep: dict[greenlet, int] = {}
        self._turns = most_turns
        self.tokens = count(1)

    def start(self, work: Callable[[], None]) -> greenlet:
        """A new actor; its first turn comes soon."""
        actor = greenlet(work, parent=self._scheduler)
        self._wake_at(actor, self.now + self.random.random() * LONGEST_STEP_S)
        return actor

    def step(self, longest_s: float = LONGEST_STEP_S) -> None:
        """Let the others go on for a while; called wherever real code would wait for a server."""
        self.sleep(self.random.random() ** 3 * longest_s)

    def sleep(self, seconds: float) -> None:
        """Wait for this long, or until somebody wakes this actor."""
        self._wake_at(getcurrent(), self.now + seconds)
        self._scheduler.switch()

    def wake(self, actor: greenlet) -> None:
        """End an actor's sleep early."""
        if not actor.dead:
            self._wake_at(actor, self.now)

    def run(self, until_done: list[greenlet]) -> None:
        """Turn by turn. Raises Over."""
        self._scheduler = getcurrent()
        waiting = [actor for actor in until_done if not actor.dead]
        while waiting:
            if not self._queue or self._turns <= 0:
                raise Over
            at, _, actor, nap = heappop(self._queue)
            if actor.dead or self._asleep.get(actor) != nap:
                continue  # it was woken before
            self.now = max(self.now, at)
            self._turns -= 1
            actor.parent = self._scheduler
            actor.switch()
            if actor.dead:
                waiting = [a for a in waiting if not a.dead]

    def _wake_at(self, actor: greenlet, at: float) -> None:
        nap = next(self._order)
        self._asleep[actor] = nap
        heappush(self._queue, (at, nap, actor, nap))


class WorldSignal:
    """A signal between actors."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._set = False
        self._waiting: list[greenlet] = []

    def set(self) -> None:
        """Wake whoever waits."""
        self._set = True
        for actor in self._waiting:
            self._world.wake(actor)
        self._waiting.clear()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait; False when the time is over."""
        if not self._set:
            self._waiting.append(getcurrent())
            self._world.sleep(max(0.0, 60.0 if timeout is None else timeout))
        return self._set


class WorldRuntime:
    """`caching.Runtime` inside a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> float:
        """Seconds of the world."""
        return self._world.now

    def wall_ms(self) -> int:
        """Milliseconds of the world."""
        return 1_000_000_000_000 + int(self._world.now * 1000)

    def token(self) -> str:
        """16 characters that nobody else has."""
        return f"{next(self._world.tokens):016d}"

    def share(self) -> float:
        """A share drawn from the seed."""
        return self._world.random.random()

    def signal(self) -> WorldSignal:
        return WorldSignal(self._world)

    def submit(self, work: Callable[[], None]) -> bool:
        """Another actor."""
        self._world.start(work)
        return True

    def spawn(self, work: Callable[[], None], name: str) -> None:
        """Another actor."""
        self._world.start(work)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self._world.sleep(seconds)

    def start_anew(self) -> None:
        """Nothing is forked here."""

    def close(self) -> None:
        """Nothing to close."""
