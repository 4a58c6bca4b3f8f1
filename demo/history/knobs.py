"""What is true at every instant of a simulated world: the load, how each part does, and what is wrong with it."""

from dataclasses import dataclass, field
from math import pi

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
DAY_S = 86_400.0


@dataclass(slots=True)
class Instance:
    """One Redis server. Rates are per second; `starts` counts its processes, `ready` says that it answers."""

    ready: Flags
    starts: Numbers
    slow: Numbers
    used: Numbers
    evicted: Numbers
    protected: Numbers
    rejected: Numbers
    clients: Numbers
    connects: Numbers
    busy: Numbers
    flushes: Numbers
    lag_s: Numbers
    #: Error replies by their first word.
    errors: dict[str, Numbers] = field(default_factory=dict)

    @classmethod
    def well(cls, size: int) -> "Instance":
        """Nothing is wrong with it."""

        def of(value: float) -> Numbers:
            return np.full(size, float(value))

        ready = np.ones(size, dtype=bool)
        return cls(
            ready, of(0), of(1), of(0.6), of(0), of(0), of(0), of(24), of(0.02), of(0.06), of(0), of(0.3), {"ERR": of(0.0005)}
        )


@dataclass(slots=True)
class TierKnobs:
    """One tier as the core meets it: the share of calls that fail, how much slower it is, the share it answers.

    `refuses`: when what fails is refused at once (429), and no error.
    """

    fails: Numbers
    slow: Numbers
    hits: Numbers
    refuses: Flags | None = None


@dataclass(slots=True)
class Knobs:
    """The whole world over `at`, ascending instants of equal distance in seconds since the epoch."""

    at: Numbers
    load: Numbers
    cache: Instance
    state: Instance
    tiers: dict[str, TierKnobs]
    llm_hits: Numbers
    #: Further calls to Gemini a second that no word or text of a user asked for.
    storm: Numbers
    #: PostgreSQL answers, takes writes, and holds so many connections.
    postgres: Flags
    writes: Flags
    connections: Numbers
    #: The collectors run, read the cache, and noticed that their clock was set.
    collectors: Flags
    reads_cache: Flags
    jumps: Numbers

    @property
    def step_s(self) -> float:
        """Seconds between two instants."""
        return float(self.at[1] - self.at[0])

    def while_(self, begins: float, ends: float) -> Flags:
        """The instants of [begins, ends)."""
        return (self.at >= begins) & (self.at < ends)


def world(at: Numbers, rng: np.random.Generator, peak_per_s: float = 60.0) -> Knobs:
    """All is well, with the rhythm of days and weeks."""
    size = len(at)

    def of(value: float) -> Numbers:
        return np.full(size, float(value))

    load = peak_per_s * rhythm(at) * np.exp(rng.normal(0.0, 0.08, size))
    tiers = {
        "redis": TierKnobs(of(0.0002), of(1), of(0.935) + 0.01 * np.sin(at / 5000)),
        "postgres": TierKnobs(of(0.0002), of(1), of(0.80) + 0.02 * np.sin(at / 7000)),
        "dictionary_api": TierKnobs(of(0.006), of(1), of(0.85)),
        "gemini": TierKnobs(of(0.004), of(1), of(0.97)),
    }
    true = np.ones(size, dtype=bool)
    cache, state = Instance.well(size), Instance.well(size)
    cache.busy = 0.02 + 0.0012 * load
    cache.clients = np.round(18 + load / 6)
    return Knobs(at, load, cache, state, tiers, of(0.36), of(0), true.copy(), true.copy(), of(14), true.copy(), true.copy(), of(0))


def rhythm(at: Numbers) -> Numbers:
    """Share of the peak load: nights at a fifth, two humps a day, weekends at a half."""
    of_day = at % DAY_S / DAY_S
    day = 0.2 + 0.8 * np.exp(-(((of_day - 0.6) / 0.16) ** 2)) * (1 + 0.12 * np.sin(6 * pi * of_day))
    weekday = ((at // DAY_S).astype(int) + 3) % 7  # 1970-01-01 was a Thursday; 0 is Monday
    return day * np.where(weekday >= 5, 0.5, 1.0)
