"""A scenario for Redis: times to live per key family, a limit of memory, a policy."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Self

from ..errors import InvalidInput
from .keys import KEYS
from .window import Window, parse_span


class Policy(StrEnum):
    """The policies of `maxmemory-policy`.

    Every key of ours has a time to live, so `volatile-…` evicts what `allkeys-…` would.
    """

    ALLKEYS_LRU = "allkeys-lru"
    VOLATILE_LRU = "volatile-lru"
    ALLKEYS_LFU = "allkeys-lfu"
    VOLATILE_LFU = "volatile-lfu"
    ALLKEYS_RANDOM = "allkeys-random"
    VOLATILE_RANDOM = "volatile-random"
    VOLATILE_TTL = "volatile-ttl"
    NOEVICTION = "noeviction"


_TRACED = [k for k in KEYS if not k.sub_key and k.family.value in {"dict", "user", "settings", "llm"}]
#: Families whose reads are traced: how long each lives today, in seconds, and the last share of it in which a read
#: refreshes the value.
TTL_S: Mapping[str, float] = MappingProxyType({k.family.value: float(k.ttl_s) for k in _TRACED})
GRACE: Mapping[str, float] = MappingProxyType({k.family.value: k.grace for k in _TRACED})
#: A time to live that can be tried: between a minute and half of what the trace is kept for.
LEAST_TTL_S, MOST_TTL_S = 60.0, 7 * 86_400.0
LEAST_BYTES, MOST_BYTES = 1 << 16, 1 << 40


@dataclass(frozen=True, slots=True)
class Scenario:
    """`maxmemory` is bytes as Redis counts them, None: no limit. `samples` is `maxmemory-samples`."""

    ttl_s: Mapping[str, float] = field(default_factory=lambda: TTL_S)
    maxmemory: int | None = None
    policy: Policy = Policy.ALLKEYS_LRU
    samples: int = 5

    def __post_init__(self) -> None:
        for family, seconds in self.ttl_s.items():
            if family not in TTL_S:
                raise InvalidInput(f"'{family[:20]}' is no key family that can be planned; there are {', '.join(TTL_S)}")
            if not LEAST_TTL_S <= seconds <= MOST_TTL_S:
                raise InvalidInput(f"the time to live of {family} must be 1m to 7d")
        if self.maxmemory is not None and not LEAST_BYTES <= self.maxmemory <= MOST_BYTES:
            raise InvalidInput("the memory must be 64kb to 1tb")


@dataclass(frozen=True, slots=True)
class ScenarioChange:
    """What somebody wants to try; what is left out stays as it is today."""

    ttl_s: Mapping[str, float] = field(default_factory=dict)
    maxmemory: int | None = None
    policy: Policy | None = None

    @classmethod
    def read(cls, ttls: Iterable[str], maxmemory: str = "", policy: str = "") -> Self:
        """As people write it: `llm=72h`, `512mb`, `allkeys-lru`. Raises InvalidInput."""
        if policy and policy not in set(Policy):
            raise InvalidInput(f"'{policy[:20]}' is no policy; there are {', '.join(Policy)}")
        change = cls(dict(map(_ttl, ttls)), _size(maxmemory) if maxmemory else None, Policy(policy) if policy else None)
        Scenario({**TTL_S, **change.ttl_s}, change.maxmemory)  # refuses what cannot be
        return change

    def __str__(self) -> str:
        parts = [f"{family}={_span(seconds)}" for family, seconds in self.ttl_s.items()]
        parts += [] if self.maxmemory is None else [f"maxmemory {self.maxmemory / 2**20:g} MB"]
        parts += [] if self.policy is None else [self.policy.value]
        return ", ".join(parts) or "no change"


def _ttl(text: str) -> tuple[str, float]:
    family, found, span = text.partition("=")
    if not found:
        raise InvalidInput(f"'{text[:20]}' is no time to live of a family; write for example llm=72h")
    return family.strip(), float(parse_span(span))


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(f"'{text[:20]}' is no size; write for example 512mb or 2gb")
    return int(found[1]) << (10 * " kmgt".index(found[2].lower() or " "))


def _span(seconds: float) -> str:
    return next(f"{seconds / unit:g}{letter}" for letter, unit in (("h", 3600), ("m", 60), ("s", 1)) if seconds % unit == 0)


#: Steps of 1024, as redis.conf has them.
_SIZE = re.compile(r"(\d{1,12})\s*([kmgt]?)b?", re.IGNORECASE)


class Banded(NamedTuple):
    """A number and the bounds it lies within with 95 % confidence; all NaN: unknown."""

    value: float
    low: float
    high: float


class FamilyForecast(NamedTuple):
    """One key family under a scenario. `reads_per_day` as counted; `hit` is None while its trace is too short.

    `traced_s` is how long its reads are known, `enough_s` how long they must be for this scenario.
    """

    family: str
    traced_s: float
    enough_s: float
    reads_per_day: float
    hit: Banded | None
    misses_per_day: float
    evicted_per_day: float


class Bill(NamedTuple):
    """A month of 30 days at the pace of the trace. `calls` are calls of the LLM for corrections."""

    calls: Banded
    usd: Banded
    waiting_s: Banded


class Forecast(NamedTuple):
    """What a scenario comes to. `bill` is None while the corrections' trace is too short.

    `held` is the most bytes of keys and values at any time, `needed` the most without a limit of memory.
    """

    scenario: Scenario
    families: tuple[FamilyForecast, ...]
    bill: Bill | None
    held: float
    needed: float

    def of(self, family: str) -> FamilyForecast | None:
        """The row of a family."""
        return next((row for row in self.families if row.family == family), None)


class CurvePoint(NamedTuple):
    """One point of a curve: seconds or bytes, the hit rate (of one family, or of all), what the LLM costs a month."""

    at: float
    hit: float
    usd: float


class WhatIfPlan(NamedTuple):
    """A scenario beside today's. `change` is what the bill and each hit rate would differ by; None where unknown."""

    today: Forecast
    scenario: Forecast
    saved_usd: Banded | None
    lifted: Mapping[str, Banded]
    family: str
    by_ttl: tuple[CurvePoint, ...]
    by_memory: tuple[CurvePoint, ...]
    traced: Window
    rates: Mapping[str, float]
    beside: float
    reads: int
