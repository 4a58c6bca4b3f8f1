"""What Redis throws away when its memory is full, as the age at which values are lost: LRU and random policies.

Redis samples keys and evicts the best of them, so an age is no sharp limit: it is spread around the mean age at which
values are evicted. The spreads are means of eighths of the ages, from 40,000 evictions out of 5,000 keys each by
Redis's own rule (so many samples, the best 16 kept); `python -m benchmarks.whatif` plays them against real servers.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ...model.whatif import Policy
from .reads import Array

#: Steps of the spread that are told apart.
FINE = 4096


class AgeLimit(NamedTuple):
    """How values are lost by the time since their last read.

    A value is lost when that time exceeds the mean age times a number drawn from `spread`. With `memoryless` only the
    time in which the memory was full counts.
    """

    spread: tuple[float, ...]
    memoryless: bool = False

    def drawn(self, luck: Array) -> Array:
        """A number of the spread for each share between 0 and 1."""
        fine = (np.arange(FINE) + 0.5) / FINE
        middles = (np.arange(len(self.spread)) + 0.5) / len(self.spread)
        table = -np.log1p(-fine) if self.memoryless else np.interp(fine, middles, self.spread)
        found: Array = table.astype(np.float32)[(luck * FINE).astype(np.int32)]
        return found


def _eighths_of_chance() -> tuple[float, ...]:
    """Means of the eighths of an exponential distribution with the mean 1."""
    cuts = -np.log(1 - np.arange(8) / 8)
    tails = np.append((1 + cuts) * np.exp(-cuts), 0.0)
    return tuple(((tails[:-1] - tails[1:]) * 8).tolist())


#: By `maxmemory-samples`; Redis's default is 5.
LRU: Mapping[int, AgeLimit] = {
    3: AgeLimit((0.692, 0.736, 0.790, 0.857, 0.941, 1.055, 1.232, 1.697)),
    5: AgeLimit((0.816, 0.843, 0.874, 0.914, 0.964, 1.033, 1.137, 1.419)),
    10: AgeLimit((0.911, 0.923, 0.937, 0.956, 0.982, 1.016, 1.067, 1.208)),
}
CHANCE = AgeLimit(_eighths_of_chance(), memoryless=True)


def age_limit(policy: Policy, samples: int) -> AgeLimit | None:
    """The row of a policy; None for those that go by more than the last read."""
    if policy.endswith("lru"):
        return LRU[min(LRU, key=lambda known: abs(known - samples))]
    return CHANCE if policy.endswith("random") else None
