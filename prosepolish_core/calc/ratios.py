"""Ratios with their uncertainty: a hit ratio and its Wilson interval, valid for few and for extreme counts."""

from collections.abc import Iterable
from math import nan, sqrt
from typing import NamedTuple

from ..errors import InvalidInput
from ..model.counts import LookupCounts
from ..model.outcome import FAILED, HITS

#: Two-sided 95 %.
Z95 = 1.959963984540054


class Ratio(NamedTuple):
    """A share of a total with its interval; NaN when there was nothing to share."""

    value: float
    low: float
    high: float
    total: float


def hit_ratio(hits: float, misses: float, z: float = Z95) -> Ratio:
    """Hits among lookups, with its interval."""
    total = hits + misses
    return Ratio(hits / total if total else nan, *wilson(hits, total, z), total)


def tier_ratio(rows: Iterable[LookupCounts], family: str, tier: str) -> Ratio:
    """What a tier answered of what reached it and was answered yes or no: the one hit rate that every surface shows.

    A caller who waited for another one's load found nothing in the tier.
    """
    asked = [row for row in rows if (row.family, row.tier) == (family, tier) and row.outcome not in FAILED]
    hits = sum(row.steps for row in asked if row.outcome in HITS)
    return hit_ratio(hits, sum(row.steps for row in asked) - hits)


def wilson(hits: float, total: float, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of `hits` among `total`; (NaN, NaN) when the total is 0."""
    if not (0 <= hits <= total):
        raise InvalidInput("hits lie between 0 and the total")
    if total == 0:
        return nan, nan
    share, square = hits / total, z * z
    centre = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * sqrt(share * (1 - share) / total + square / (4 * total * total))
    # At the ends the interval touches 0 or 1 exactly; a rounding must not take it past the ratio itself.
    return (0.0 if hits == 0 else min(share, centre - half)), (1.0 if hits == total else max(share, centre + half))
