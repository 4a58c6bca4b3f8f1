"""Census: keys, bytes and times to live by key family, as the rolling sample estimates them, with 95 % intervals."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import nan

from prosepolish_core.calc.freshness import fresh
from prosepolish_core.model.outcome import Family
from prosepolish_core.model.series import Reading
from prosepolish_core.ports import SampleReader

METRICS = (
    "census_keyspace",
    "census_sample",
    "census_oldest",
    "census_total_bytes",
    "census_keys",
    "census_bytes",
    "census_no_ttl",
    "census_big",
    "census_ttl",
)
#: The string the collector tells unknown prefixes in.
UNKNOWN_PREFIXES = "unknown_prefixes"


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the bounds it lies within with 95 % confidence; all three alike where every key was read."""

    value: float
    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether the sample was the whole keyspace."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class FamilyCensus:
    """One key family of one server.

    `ttl`: (upper bound in seconds as told, keys at most so long from their end), cumulative.
    """

    family: str
    keys: Interval
    size: Interval
    no_ttl: Interval
    big: Interval
    ttl: tuple[tuple[str, float], ...]

    def ttl_quantile(self, q: float) -> str | None:
        """The bound under which this share of the keys that end lies; None where no key ends."""
        total = self.ttl[-1][1] if self.ttl else 0.0
        return next((bound for bound, count in self.ttl if count >= q * total), None) if total else None


@dataclass(frozen=True, slots=True)
class ServerCensus:
    """One server: what it holds in all, how many keys were read for it, and prefixes that belong to no family.

    `age_s`: how old the census is; a `stale` one says nothing about now, and has no families. `oldest_s`: how long
    before the census its first key was read; a walk at the pace of the traffic takes a while.
    """

    source: str
    keyspace: float
    sample: float
    size: Interval
    families: tuple[FamilyCensus, ...]
    unknown: tuple[tuple[str, int], ...]
    age_s: float = 0.0
    stale: bool = False
    oldest_s: float = 0.0

    @property
    def shrunk(self) -> bool:
        """Whether keys have gone since they were read: the numbers are scaled down to what is left, not counted."""
        return self.sample > self.keyspace


def build(samples: SampleReader, now: datetime) -> tuple[ServerCensus, ...]:
    """The newest census of each server; of one that is too old only its age. Raises StoreUnavailable."""
    readings: dict[str, list[Reading]] = defaultdict(list)
    for reading in samples.latest(METRICS, at=now):
        readings[reading.key.source].append(reading)
    return tuple(_of(source, found, samples, now) for source, found in sorted(readings.items()))


def _of(source: str, readings: list[Reading], samples: SampleReader, now: datetime) -> ServerCensus:
    age_s = max(0.0, (now - max(reading.ts for reading in readings)).total_seconds())
    known = fresh(readings, now)
    if not known:
        return ServerCensus(source, nan, nan, Interval(nan, nan, nan), (), (), age_s, stale=True)
    return replace(server(source, known, samples.state(source, now)), age_s=age_s)


def server(source: str, readings: list[Reading], state: Mapping[str, str]) -> ServerCensus:
    """One server's census from its readings and strings."""
    stats: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    ttl: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for reading in readings:
        labels = dict(reading.key.labels)
        family = labels.get("family", "")
        if reading.key.metric == "census_ttl":
            ttl[family].append((labels.get("le", ""), reading.value))
        else:
            stats[reading.key.metric, family][labels.get("stat", "value")] = reading.value
    families = sorted({family for _, family in stats if family}, key=_place)
    return ServerCensus(
        source,
        stats["census_keyspace", ""].get("value", nan),
        stats["census_sample", ""].get("value", nan),
        _interval(stats["census_total_bytes", ""]),
        tuple(_family(family, stats, ttl[family]) for family in families),
        _unknown(state.get(UNKNOWN_PREFIXES, "")),
        oldest_s=stats["census_oldest", ""].get("value", 0.0),
    )


def _family(family: str, stats: Mapping[tuple[str, str], Mapping[str, float]], ttl: list[tuple[str, float]]) -> FamilyCensus:
    keys, size, no_ttl, big = (
        _interval(stats.get((metric, family), {})) for metric in ("census_keys", "census_bytes", "census_no_ttl", "census_big")
    )
    ordered = sorted(ttl, key=lambda pair: float(pair[0].replace("+Inf", "inf")))
    return FamilyCensus(family, keys, size, no_ttl, big, tuple(ordered))


def _interval(stats: Mapping[str, float]) -> Interval:
    value = stats.get("value", nan)  # a server that does not tell sizes or times has none of these readings
    return Interval(value, stats.get("low", value), stats.get("high", value))


def _unknown(told: str) -> tuple[tuple[str, int], ...]:
    pairs = (part.rpartition("=") for part in told.split(",") if part)
    return tuple((prefix, int(count)) for prefix, _, count in pairs if count.isdecimal())


def _place(family: str) -> tuple[int, str]:
    known = [member.value for member in Family]
    first = family.partition(":")[0]
    return (known.index(first) if first in known else len(known), family)
