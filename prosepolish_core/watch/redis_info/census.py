"""The census: how many keys and bytes each family has, estimated from a sample, with a 95 % interval."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import hypot, sqrt
from typing import NamedTuple

from ...calc.ratios import Z95, wilson
from ...model.keys import KEYS, MOST_VALUE_BYTES
from ...model.sample import Labels, Sample

#: Upper bounds of the distribution of times to live, in seconds.
TTL_BOUNDS_S = (60, 300, 900, 3600, 14_400, 86_400, 604_800)
UNKNOWN = "(unknown)"
#: Families as the census names them: the prefix, and the sub-key where a family has one.
NAMES = {(k.family.value, k.sub_key): f"{k.family.value}:{k.sub_key}" if k.sub_key else k.family.value for k in KEYS}
#: At most this many unknown prefixes are named.
MOST_UNKNOWN = 10


class KeyFacts(NamedTuple):
    """What was read of one key. `ttl_ms` is -1 for a key without one; a key that vanished meanwhile is left out.

    None is what the server does not tell.
    """

    key: bytes
    size_bytes: int | None
    ttl_ms: int | None


@dataclass(slots=True)
class FamilySums:
    """One family's keys in a slice, added up. Slices add."""

    keys: int = 0
    size: int = 0
    size_squared: float = 0.0
    no_ttl: int = 0
    big: int = 0
    big_size: int = 0
    big_squared: float = 0.0
    ttl: list[int] = field(default_factory=lambda: [0] * (len(TTL_BOUNDS_S) + 1))

    def add(self, facts: KeyFacts) -> None:
        """Count one key."""
        self.keys += 1
        size, ttl_ms = facts.size_bytes or 0, facts.ttl_ms
        self.size += size
        self.size_squared += float(size) ** 2
        if size > MOST_VALUE_BYTES:
            self.big += 1
            self.big_size += size
            self.big_squared += float(size) ** 2
        if ttl_ms is None:
            return
        if ttl_ms < 0:
            self.no_ttl += 1
            return
        self.ttl[next((i for i, bound in enumerate(TTL_BOUNDS_S) if ttl_ms <= bound * 1000), len(TTL_BOUNDS_S))] += 1

    def merge(self, other: "FamilySums") -> None:
        """Add another slice of the same family."""
        self.keys += other.keys
        self.size += other.size
        self.size_squared += other.size_squared
        self.no_ttl += other.no_ttl
        self.big += other.big
        self.big_size += other.big_size
        self.big_squared += other.big_squared
        self.ttl = [a + b for a, b in zip(self.ttl, other.ttl, strict=True)]


@dataclass(slots=True)
class Slice:
    """The keys of one tick, by family. Nothing of a key is kept but its family and, if that is unknown, its prefix."""

    families: dict[str, FamilySums] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    #: Whether every key's size, and every key's time to live, was told.
    sized: bool = True
    timed: bool = True
    #: When it was read, on the reader's monotonic clock.
    read_at: float = 0.0

    @property
    def keys(self) -> int:
        """How many keys were read."""
        return sum(summed.keys for summed in self.families.values())

    def add(self, facts: KeyFacts) -> None:
        """Count one key under its family."""
        family = family_of(facts.key)
        self.sized = self.sized and facts.size_bytes is not None
        self.timed = self.timed and facts.ttl_ms is not None
        self.families.setdefault(family, FamilySums()).add(facts)
        if family == UNKNOWN:
            self.unknown[prefix_of(facts.key)] += 1


class EstimatedNumber(NamedTuple):
    """A number for the whole keyspace and its 95 % interval."""

    value: float
    low: float
    high: float


class EstimatedFamily(NamedTuple):
    """One family, estimated. None is what the server does not tell of every key in the sample."""

    family: str
    keys: EstimatedNumber
    size: EstimatedNumber | None
    no_ttl: EstimatedNumber | None
    big: EstimatedNumber | None
    ttl: tuple[float, ...] | None


class Census(NamedTuple):
    """The whole keyspace: its families, the sum, how many keys there are and how many of them were read."""

    families: tuple[EstimatedFamily, ...]
    total_size: EstimatedNumber | None
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
    families: dict[str, FamilySums] = {}
    unknown: Counter[str] = Counter()
    sized = timed = True
    for part in slices:
        sized, timed = sized and part.sized, timed and part.timed
        unknown.update(part.unknown)
        for family, summed in part.families.items():
            families.setdefault(family, FamilySums()).merge(summed)
    sample = sum(summed.keys for summed in families.values())
    scale = _Scale(sample, max(keyspace, 0))
    counted = tuple(
        EstimatedFamily(
            family,
            scale.number_of(s.keys),
            scale.total([s]) if sized else None,
            scale.number_of(s.no_ttl) if timed else None,
            scale.number_of(s.big) if sized else None,
            tuple(scale.number_of(n).value for n in s.ttl) if timed else None,
        )
        for family, s in sorted(families.items())
    )
    total = scale.total(families.values()) if sized else None
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

    def total(self, parts: Iterable[FamilySums]) -> EstimatedNumber:
        """The bytes in the keyspace from those in the sample.

        A few large values among thousands of small ones make the sum's distribution lopsided, and a symmetric interval
        too often too low. So the large ones are counted by themselves, with Wilson's interval, and the two parts'
        limits combined (MOVER: Zou and Donner, Statistics in Medicine 27, 2008).
        """
        if not self.sample:
            return EstimatedNumber(0.0, 0.0, 0.0)
        whole = FamilySums()
        for part in parts:
            whole.merge(part)
        half = Z95 * self.spread * _deviation(whole.size - whole.big_size, whole.size_squared - whole.big_squared, self.sample)
        value = whole.size / self.sample * self.keyspace
        below = above = half
        if whole.big:
            number, mean = self.number_of(whole.big), whole.big_size / whole.big
            unread = sqrt(max(0.0, 1.0 - self.sample / self.keyspace)) if self.keyspace else 0.0
            width = Z95 * unread * number.value * _deviation(whole.big_size, whole.big_squared, whole.big) / sqrt(whole.big)
            below = hypot(half, (number.value - number.low) * mean, width)
            above = hypot(half, (number.high - number.value) * mean, width)
        return EstimatedNumber(value, max(value - below, whole.size if self.sample <= self.keyspace else 0.0), value + above)

    def number_of(self, found: int) -> EstimatedNumber:
        """A count over the keyspace, by Wilson's interval: sound for families that are rare in the sample."""
        n = self.sample
        if not n:
            return EstimatedNumber(0.0, 0.0, 0.0)
        share = found / n
        if n >= self.keyspace:
            return EstimatedNumber(share * self.keyspace, share * self.keyspace, share * self.keyspace)
        # A sample without replacement: the nearer it comes to the whole, the less is left to chance.
        low, high = wilson(found, n, Z95 * sqrt(1.0 - n / self.keyspace))
        return EstimatedNumber(share * self.keyspace, low * self.keyspace, high * self.keyspace)


def _deviation(summed: float, squared: float, count: int) -> float:
    """The standard deviation of so many numbers, by their sum and the sum of their squares."""
    mean = summed / count
    return sqrt(max(0.0, squared / count - mean * mean))


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
        for bound, number in zip(bounds, counted.ttl, strict=True) if counted.ttl is not None else ():
            running += number
            found.append(Sample("census_ttl", running, labels=(*family, ("le", bound))))
    return tuple(found)


def _stats(metric: str, estimated: EstimatedNumber | None, unit: str, labels: Labels) -> Sequence[Sample]:
    if estimated is None:
        return []
    return [Sample(metric, value, unit=unit, labels=(*labels, ("stat", stat))) for stat, value in estimated._asdict().items()]
