"""Percentiles of histograms whose counts are cumulative: interpolated, with the bounds of the bucket they lie in."""

from collections.abc import Iterable, Sequence
from math import inf, isinf, nan
from typing import NamedTuple

from ..errors import InvalidInput
from ..model.counts import LatencyBuckets


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


def merge(rows: Iterable[LatencyBuckets]) -> LatencyBuckets | None:
    """The sum of histograms with the same bounds, named after the first; None without any."""
    total: LatencyBuckets | None = None
    for row in rows:
        total = row if total is None else _sum(total, row)
    return total


def _sum(a: LatencyBuckets, b: LatencyBuckets) -> LatencyBuckets:
    if a.bounds_s != b.bounds_s:
        raise InvalidInput("only histograms with the same bounds can be combined")
    counts = tuple(x + y for x, y in zip(a.counts, b.counts, strict=True))
    return a._replace(counts=counts, sum_s=a.sum_s + b.sum_s)
