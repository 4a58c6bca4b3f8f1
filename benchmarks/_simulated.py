"""Redis, PostgreSQL and an upstream inside a deterministic world,
with replies that get lost and requests that arrive late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from benchmarks._world import World
from prosepolish_core.errors import CacheUnavailable, StoreUnavailable
from prosepolish_core.model.lease import Claim, Fill, Wake
from prosepolish_core.model.outcome import Outcome, Tier
from prosepolish_core.model.tier_replies import Fetched, WordRow
from prosepolish_core.ports import Settle, Signal

T = TypeVar("T")
NONE = b"." * 16
#: How late a fill may arrive that nobody waits for, or its reply, in seconds of the world.
LATEST_S = 0.3


@dataclass
class Network:
    """How often something goes wrong on the way, and how late what is late arrives."""

    lost: float = 0.0
    late_s: float = 0.2

    def carry(self, world: World, effect: Callable[[], T], fault: Callable[[], Exception]) -> T:
        """A request and its reply. Lost: the request, or its reply, or it arrives after the caller has given up."""
        world.step()
        if self.lost and world.random.random() < self.lost:
            how = world.random.randrange(3)
            if how == 1:
                effect()
            elif how == 2:
                world.start(lambda: (world.sleep(world.random.random() * self.late_s), effect(), None)[-1])
            world.step()
            raise fault()
        found = effect()
        world.step()
        return found


@dataclass
class SimulatedRedis:
    """The data of one server; `view` gives each process its own connection to it.

    Mirrors the scripts under live/cache/lua.
    """

    world: World
    network: Network
    data: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    views: list[RedisView] = field(default_factory=list)

    def view(self) -> RedisView:
        """One process's connections."""
        self.views.append(RedisView(self))
        return self.views[-1]

    def read(self, key: str) -> bytes | None:
        """What is stored and has not expired."""
        raw, ends = self.data.get(key, (None, 0.0))
        return raw if raw is not None and self.world.now < ends else None

    def now_ms(self) -> int:
        """The server's clock."""
        return int(self.world.now * 1000)

    def set_lease(self, key: str, token: str, lease_ms: int) -> Claim:
        """SET NX GET."""
        stored = self.read(key)
        if stored is None:
            self.data[key] = (b"1L-." + token.encode() + b"9" * 13, self.world.now + lease_ms / 1000)
            return Claim(True)
        return Claim(stored[4:20] == token.encode(), stored)

    def take(self, key: str, token: str, lease_ms: int, refresh: bool) -> Claim:
        """take_lease.lua."""
        stored = self.read(key)
        mine = token.encode() + b"%013d" % (self.now_ms() + lease_ms)
        held = stored is not None and int(stored[20:33]) > self.now_ms()
        if stored is not None and stored[:2] == b"1V":
            if not refresh or held:
                return Claim(False, stored)
            self.data[key] = (stored[:4] + mine + stored[33:], self.data[key][1])
            return Claim(True)
        if stored is not None and held:
            self.data[key] = (stored[:3] + b"w" + stored[4:], self.data[key][1])
            return Claim(stored[4:20] == token.encode(), stored)
        self.data[key] = (b"1L-." + mine, self.world.now + lease_ms / 1000)
        return Claim(True)

    def fill(self, fill: Fill) -> bool:
        """fill_key.lua."""
        stored = self.read(fill.key)
        held = stored is not None and stored[4:20] == fill.token.encode()
        if held and fill.stored:
            self.data[fill.key] = (fill.stored, self.world.now + fill.ttl_ms / 1000)
        elif held:
            self.data.pop(fill.key, None)
        if not held or (stored is not None and stored[3:4] == b"w"):
            for view in self.views:
                self.world.start(lambda view=view: view.deliver(fill.token, fill.stored or fill.told))  # type: ignore[misc]
        return held

    def fill_late(self, fill: Fill) -> bool:
        """The same script, for a fill that nobody waits for."""
        return self.fill(fill)

    def renew(self, key: str, token: str, lease_ms: int) -> None:
        """renew_lease.lua."""
        stored = self.read(key)
        if stored is not None and stored[4:20] == token.encode():
            ends = self.world.now + lease_ms / 1000 if stored[:2] == b"1L" else self.data[key][1]
            self.data[key] = (stored[:20] + b"%013d" % (self.now_ms() + lease_ms) + stored[33:], ends)


class RedisView:
    """A `ports.CacheServer` for one simulated process."""

    def __init__(self, redis: SimulatedRedis) -> None:
        self._redis = redis
        self._world = redis.world
        self._said: dict[str, Wake] = {}
        self._waiting: dict[str, list[Signal]] = {}

    def _ask(self, effect: Callable[[], T]) -> T:
        return self._redis.network.carry(self._world, effect, lambda: CacheUnavailable("timeout", "timeout"))

    def get(self, key: str) -> bytes | None:
        return self._ask(lambda: self._redis.read(key))

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return self._ask(lambda: [self._redis.read(key) for key in keys])

    def take(self, claims: Sequence[tuple[str, str]], lease_ms: int, *, refresh: bool = False, waits: bool = True) -> list[Claim]:
        if refresh or waits:
            return self._ask(lambda: [self._redis.take(key, token, lease_ms, refresh) for key, token in claims])
        return self._ask(lambda: [self._redis.set_lease(key, token, lease_ms) for key, token in claims])

    def fill(self, fills: Sequence[Fill]) -> list[bool]:
        return self._ask(lambda: [self._redis.fill(fill) for fill in fills])

    def fill_soon(self, fill: Fill, settle: Settle) -> None:
        """It arrives at any time from now on, or never; the reply comes later still, or never."""
        lost = self._world.random.random() / self._redis.network.lost if self._redis.network.lost else 2.0

        def arrive() -> None:
            self._world.step(LATEST_S)
            stood = self._redis.fill_late(fill) if lost > 0.5 else None
            self._world.step(LATEST_S)
            settle(stood if lost > 1.0 else None, None)

        self._world.start(arrive)

    def collect(self) -> bool:
        return False

    def renew(self, claims: Sequence[tuple[str, str]], lease_ms: int) -> None:
        self._ask(lambda: [self._redis.renew(key, token, lease_ms) for key, token in claims])

    def drop(self, keys: Sequence[str]) -> int:
        return self._ask(lambda: sum(self._redis.data.pop(key, None) is not None for key in keys))

    def ping(self) -> None:
        self._ask(lambda: None)

    def reset(self) -> None:
        pass

    def listen(self, timeout_s: float) -> bool:
        return True

    def expect(self, token: str, signal: Signal) -> None:
        self._waiting.setdefault(token, []).append(signal)
        if token in self._said:
            signal.set()

    def heard(self, token: str) -> Wake | None:
        self._waiting.pop(token, None)
        return self._said.get(token)

    def deliver(self, token: str, message: bytes) -> None:
        """A wake-up arrives, unless it is lost."""
        if self._world.random.random() < self._redis.network.lost:
            return
        self._said[token] = Wake(message or None)
        for signal in self._waiting.pop(token, []):
            signal.set()


@dataclass
class SimulatedPostgres:
    """A `ports.WordStore` whose every call is one atomic statement."""

    world: World
    network: Network
    rows: dict[str, WordRow] = field(default_factory=dict)

    def _ask(self, effect: Callable[[], T]) -> T:
        return self.network.carry(self.world, effect, lambda: StoreUnavailable("lost"))

    def get(self, word: str, timeout_s: float) -> WordRow:
        return self._ask(lambda: self.rows.get(word, WordRow()))

    def get_many(self, words: Sequence[str], timeout_s: float) -> dict[str, WordRow]:
        return self._ask(lambda: {word: self.rows.get(word, WordRow()) for word in words})

    def put(self, word: str, row: WordRow, timeout_s: float) -> bool:
        return self._ask(lambda: self._put(word, row))

    def _put(self, word: str, row: WordRow) -> bool:
        if self.rows.get(word, WordRow()).fence != row.fence:
            return False
        self.rows[word] = row
        return True

    def put_absence(self, word: str, row: WordRow, absent_s: float, timeout_s: float) -> bool:
        return self._ask(lambda: self.rows.get(word, WordRow()).entry is None and self._put(word, row._replace(absent=True)))

    def invalidate(self, word: str, timeout_s: float) -> None:
        self._ask(lambda: self._invalidate(word))

    def _invalidate(self, word: str) -> None:
        self.rows[word] = WordRow(self.rows.get(word, WordRow()).fence + 1)


@dataclass
class SimulatedApi:
    """The truth: which version of a word is current. Reading it takes time before and after."""

    world: World
    truth: dict[str, int]
    tier: Tier = Tier.DICTIONARY_API
    slowest_s: float = 0.3
    asked: int = 0

    def fetch(self, word: str, timeout_s: float) -> Fetched:
        """The version that is current at some instant in between."""
        self.asked += 1
        self.world.step(self.slowest_s)
        entry: Mapping[str, object] = {"word": word, "version": self.truth[word]}
        self.world.step(self.slowest_s)
        return Fetched(Outcome.HIT, entry)
