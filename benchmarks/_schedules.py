"""One generated schedule: processes that read, writers that change the truth and invalidate,
and whether anybody saw the past.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from benchmarks._simulated import Network, SimulatedApi, SimulatedPostgres, SimulatedRedis
from benchmarks._world import World, WorldRuntime
from prosepolish_core.errors import LookupUnavailable
from prosepolish_core.live.cache import CacheLink
from prosepolish_core.live.words import Dictionary
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.outcome import Family, Outcome, Tier, Trace

WORD = "word"


class Tally(NamedTuple):
    """What one schedule came to."""

    stale: int
    reads: int
    unavailable: int
    invalidations: int
    acknowledged: int
    loads: int


class Silent:
    """A recorder that keeps nothing."""

    def record(self, family: Family, trace: Trace) -> None:
        pass

    def hit(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None:
        pass

    def many_hits(
        self, family: Family, tier: Tier, outcome: Outcome, duration_s: float, keys: Sequence[str], sizes: Sequence[int]
    ) -> None:
        pass

    def llm(self, call: LlmCall | Callable[[], LlmCall | None]) -> None:
        pass

    def access(self, family: Family, key: str, size_bytes: int, source: int = 0, cost_usd: Decimal | None = None) -> None:
        pass

    def paid_text(self, text: str, cost_usd: Decimal | None) -> None:
        """Not used here."""

    def event(self, name: str, amount: int = 1) -> None:
        pass


def schedule(  # noqa: C901 - one story, with its actors inside
    seed: int, change: Callable[[SimulatedRedis, SimulatedPostgres], None] | None = None
) -> Tally:
    """Run one. `change` may break a server on purpose, to see that the campaign notices."""
    world = World(seed)
    rng = world.random
    faulty = rng.random() < 0.5
    redis = SimulatedRedis(world, Network(0.08 if faulty else 0.0))
    postgres = SimulatedPostgres(world, Network(0.04 if faulty else 0.0))
    truth, acknowledged = {WORD: 1}, {WORD: 0}
    api = SimulatedApi(world, truth, slowest_s=rng.choice([0.02, 0.3, 1.5]))
    ttl_s = rng.choice([0.5, 5.0, 3600.0])
    processes = [
        Dictionary(CacheLink(redis.view(), WorldRuntime(world)), postgres, (api,), Silent(), ttl_s=ttl_s)
        for _ in range(rng.randint(1, 2))
    ]
    if change is not None:
        change(redis, postgres)
    counts = {"stale": 0, "reads": 0, "unavailable": 0, "invalidations": 0, "acknowledged": 0}

    def read() -> None:
        for _ in range(rng.randint(1, 2)):
            floor = acknowledged[WORD]
            dictionary = rng.choice(processes)
            counts["reads"] += 1
            try:
                found = dictionary.lookup(WORD) if rng.random() < 0.8 else dictionary.lookup_many([WORD])[WORD]
                if found.plain is None:
                    counts["unavailable"] += 1
                elif found.plain["version"] < floor:
                    counts["stale"] += 1
            except LookupUnavailable:
                counts["unavailable"] += 1
            world.step(rng.choice([0.001, 0.1]))

    def write() -> None:
        for _ in range(rng.randint(1, 2)):
            world.step(0.3)
            truth[WORD] += 1
            version = truth[WORD]
            counts["invalidations"] += 1
            if rng.choice(processes).invalidate(WORD).complete:
                counts["acknowledged"] += 1
                acknowledged[WORD] = max(acknowledged[WORD], version)

    def disturb() -> None:
        for _ in range(rng.randint(0, 1)):
            world.step(0.3)
            redis.data.clear()  # an eviction, or somebody's FLUSHALL

    actors = [world.start(read) for _ in range(rng.randint(2, 4))]
    actors += [world.start(write) for _ in range(rng.randint(1, 2))]
    actors.append(world.start(disturb))
    world.run(actors)
    return Tally(loads=api.asked, **counts)
