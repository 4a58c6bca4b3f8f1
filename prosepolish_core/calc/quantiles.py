"""Percentiles of histograms whose counts are cumulative: interpolated, with the bounds of the bucket they lie in."""

from collections.abc import Callable, Iterable, Sequence
from math import inf, isinf, nan
from typing import NamedTuple, Protocol, Self, TypeVar

from ..errors import InvalidInput


class Buckets(Protocol):
    """What is asked of a histogram here; ports.LatencyBuckets is one. Counts are cumulative."""

    @property
    def bounds_s(self) -> tuple[float, ...]:
        """Upper bounds, rising."""

    @property
    def counts(self) -> tuple[int, ...]:
        """How many observations were at most each bound."""

    @property
    def sum_s(self) -> float:
        """The sum of all observations."""

    @property
    def _replace(self) -> Callable[..., Self]: ...


B = TypeVar("B", bound=Buckets)


class Quantile(NamedTuple):
    """An estimate and the bucket that holds the true value: low < true <= high."""

    value: float
    low: float
    high: float


NOTHING = Quantile(nan, nan, nan)


def quantile(bounds: Sequence[float], counts: Sequence[int], q: float) -> float:
    """The interpolated q-quantile (0-1); NaN without observations. See `locate`."""
    return locate(bounds, counts, q).value


def locate(bounds: Sequence[float], counts: Sequence[int], q: float) -> Quantile:
    """The q-quantile and its bucket. `counts[i]` observations were at most `bounds[i]`; the last bound may be infinity.

    Within the bucket the observations are taken as evenly spread. Beyond the last finite bound nothing is known, so
    that bound is the (too low) estimate. NaN without observations.
    """
    if len(bounds) != len(counts) or not bounds:
        raise InvalidInput("a histogram has one count per bound")
    if not 0.0 <= q <= 1.0:
        raise InvalidInput("a quantile lies between 0 and 1")
    total = counts[-1]
    if total <= 0:
        return NOTHING
    rank = q * total
    at = next(i for i, count in enumerate(counts) if count >= rank and count > 0)
    below = counts[at - 1] if at else 0
    low, high = (bounds[at - 1] if at else 0.0), bounds[at]
    if isinf(high):
        return Quantile(low, low, inf)
    part = (rank - below) / (counts[at] - below) if counts[at] > below else 1.0
    return Quantile(min(high, low + (high - low) * max(0.0, part)), low, high)


def merge(rows: Iterable[B]) -> B | None:
    """The sum of histograms with the same bounds, named after the first; None without any."""
    total: B | None = None
    for row in rows:
        total = row if total is None else _combine(total, row, 1)
    return total


def subtract(later: B, earlier: B) -> B:
    """What was observed between two readings of a growing histogram.

    If any count fell the histogram was reset in between, and what the later reading holds is what is known to be new.
    """
    if any(b < a for a, b in zip(earlier.counts, later.counts, strict=True)):
        return later
    return _combine(later, earlier, -1)


def _combine(a: B, b: B, sign: int) -> B:
    if a.bounds_s != b.bounds_s:
        raise InvalidInput("only histograms with the same bounds can be combined")
    counts = tuple(x + sign * y for x, y in zip(a.counts, b.counts, strict=True))
    return a._replace(counts=counts, sum_s=a.sum_s + sign * b.sum_s)
