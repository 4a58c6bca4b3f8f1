"""The census: how many keys and bytes each family has, estimated from a sample, with a 95 % interval."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

from ..model.keys import KEYS, MOST_VALUE_BYTES
from ..model.sample import Labels, Sample

#: Normal quantile of a two-sided 95 % interval.
Z95 = 1.959964
#: Upper bounds of the distribution of times to live, in seconds.
TTL_BOUNDS_S = (60, 300, 900, 3600, 14_400, 86_400, 604_800)
UNKNOWN = "(unknown)"
#: Families as the census names them: the prefix, and the sub-key where a family has one.
NAMES = {(k.family.value, k.sub_key): f"{k.family.value}:{k.sub_key}" if k.sub_key else k.family.value for k in KEYS}
#: At most this many unknown prefixes are named.
MOST_UNKNOWN = 10


class KeyFacts(NamedTuple):
    """What was read of one key. `ttl_ms` is -1 for a key without one; a key that vanished meanwhile is left out."""

    key: bytes
    size_bytes: int
    ttl_ms: int


@dataclass(slots=True)
class Summed:
    """One family's keys in a slice, added up. Slices add."""

    keys: int = 0
    size: int = 0
    size_squared: float = 0.0
    no_ttl: int = 0
    big: int = 0
    ttl: list[int] = field(default_factory=lambda: [0] * (len(TTL_BOUNDS_S) + 1))

    def add(self, facts: KeyFacts) -> None:
        """Count one key."""
        self.keys += 1
        self.size += facts.size_bytes
        self.size_squared += float(facts.size_bytes) ** 2
        self.big += facts.size_bytes > MOST_VALUE_BYTES
        if facts.ttl_ms < 0:
            self.no_ttl += 1
            return
        self.ttl[next((i for i, bound in enumerate(TTL_BOUNDS_S) if facts.ttl_ms <= bound * 1000), len(TTL_BOUNDS_S))] += 1

    def merge(self, other: "Summed") -> None:
        """Add another slice of the same family."""
        self.keys += other.keys
        self.size += other.size
        self.size_squared += other.size_squared
        self.no_ttl += other.no_ttl
        self.big += other.big
        self.ttl = [a + b for a, b in zip(self.ttl, other.ttl, strict=True)]


@dataclass(slots=True)
class Slice:
    """The keys of one tick, by family. Nothing of a key is kept but its family and, if that is unknown, its prefix."""

    families: dict[str, Summed] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def keys(self) -> int:
        """How many keys were read."""
        return sum(summed.keys for summed in self.families.values())

    def add(self, facts: KeyFacts) -> None:
        """Count one key under its family."""
        family = family_of(facts.key)
        self.families.setdefault(family, Summed()).add(facts)
        if family == UNKNOWN:
            self.unknown[prefix_of(facts.key)] += 1


class Estimate(NamedTuple):
    """A number for the whole keyspace and its 95 % interval."""

    value: float
    low: float
    high: float


class Counted(NamedTuple):
    """One family, estimated."""

    family: str
    keys: Estimate
    size: Estimate
    no_ttl: Estimate
    big: Estimate
    ttl: tuple[float, ...]


class Census(NamedTuple):
    """The whole keyspace: its families, the sum, how many keys there are and how many of them were read."""

    families: tuple[Counted, ...]
    total_size: Estimate
    keyspace: int
    sample: int
    unknown: tuple[tuple[str, int], ...]


def family_of(key: bytes) -> str:
    """The family a key belongs to, by its prefix and sub-key; `(unknown)` for every other key."""
    parts = key.split(b":", 2)
    if len(parts) < 2:
        return UNKNOWN
    prefix = parts[0].decode("ascii", "replace")
    sub_key = parts[2].decode("ascii", "replace") if len(parts) > 2 else ""
    return NAMES.get((prefix, sub_key)) or NAMES.get((prefix, ""), UNKNOWN)


def prefix_of(key: bytes) -> str:
    """An unknown key's first segment, digits blotted out; a key without a separator gives nothing of itself away."""
    prefix, found, _ = key.partition(b":")
    if not found:
        return "(no prefix)"
    return "".join(map(_shown, prefix.decode("utf-8", "replace")))[:32]


def _shown(character: str) -> str:
    if character.isdigit():
        return "#"
    return character if character.isprintable() and character not in '",=' else "?"


def estimate(slices: Iterable[Slice], keyspace: int) -> Census:
    """Scale the slices up to `keyspace` keys. A sample as large as the keyspace is exact: the interval closes."""
    families: dict[str, Summed] = {}
    unknown: Counter[str] = Counter()
    for part in slices:
        unknown.update(part.unknown)
        for family, summed in part.families.items():
            families.setdefault(family, Summed()).merge(summed)
    sample = sum(summed.keys for summed in families.values())
    scale = _Scale(sample, max(keyspace, 0))
    counted = tuple(
        Counted(
            family,
            scale.number_of(s.keys),
            scale.total(s.size, s.size_squared),
            scale.number_of(s.no_ttl),
            scale.number_of(s.big),
            tuple(scale.number_of(n).value for n in s.ttl),
        )
        for family, s in sorted(families.items())
    )
    total = scale.total(sum(s.size for s in families.values()), sum(s.size_squared for s in families.values()))
    return Census(counted, total, keyspace, sample, tuple(unknown.most_common(MOST_UNKNOWN)))


class _Scale(NamedTuple):
    sample: int
    keyspace: int

    @property
    def spread(self) -> float:
        """Standard errors of a mean over the sample, as keys of the keyspace; 0 when everything was read."""
        if self.sample < 2 or self.sample >= self.keyspace:
            return 0.0
        return self.keyspace * sqrt((1.0 - self.sample / self.keyspace) / (self.sample - 1))

    def total(self, summed: float, squared: float) -> Estimate:
        """A sum over the keyspace from a sum over the sample."""
        if not self.sample:
            return Estimate(0.0, 0.0, 0.0)
        mean = summed / self.sample
        deviation = sqrt(max(0.0, squared / self.sample - mean * mean))
        value, half = mean * self.keyspace, Z95 * deviation * self.spread
        return Estimate(value, max(value - half, summed if self.sample <= self.keyspace else 0.0), value + half)

    def number_of(self, found: int) -> Estimate:
        """A count over the keyspace, by Wilson's interval: sound for families that are rare in the sample."""
        n = self.sample
        if not n:
            return Estimate(0.0, 0.0, 0.0)
        share = found / n
        if n >= self.keyspace:
            return Estimate(share * self.keyspace, share * self.keyspace, share * self.keyspace)
        z2 = Z95 * Z95 * (1.0 - n / self.keyspace)
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = sqrt(z2) * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        low, high = max(0.0, middle - half), min(1.0, middle + half)
        return Estimate(share * self.keyspace, low * self.keyspace, high * self.keyspace)


def samples(census: Census) -> tuple[Sample, ...]:
    """The census as gauges; `stat` is `value`, `low` or `high`."""
    found = [
        Sample("census_keyspace", float(census.keyspace)),
        Sample("census_sample", float(census.sample)),
        *_stats("census_total_bytes", census.total_size, "bytes", ()),
    ]
    for counted in census.families:
        family = (("family", counted.family),)
        found += _stats("census_keys", counted.keys, "1", family)
        found += _stats("census_bytes", counted.size, "bytes", family)
        found += _stats("census_no_ttl", counted.no_ttl, "1", family)
        found += _stats("census_big", counted.big, "1", family)
        bounds = [*map(str, TTL_BOUNDS_S), "+Inf"]
        running = 0.0
        for bound, number in zip(bounds, counted.ttl, strict=True):
            running += number
            found.append(Sample("census_ttl", running, labels=(*family, ("le", bound))))
    return tuple(found)


def _stats(metric: str, estimated: Estimate, unit: str, labels: Labels) -> Sequence[Sample]:
    return [Sample(metric, value, unit=unit, labels=(*labels, ("stat", stat))) for stat, value in estimated._asdict().items()]
