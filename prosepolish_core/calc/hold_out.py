"""Hold-out: a few hits are called all the same; what they really cost says how good the estimate of all is."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import NamedTuple

from ..model.counts import LedgerRow
from ..model.llm import LedgerLine
from .students_t import two_sided

#: With fewer pairs an interval would promise what it cannot keep: costs of calls are skewed.
FEWEST_PAIRS = 30
COVERED = 0.95


class HeldOut(NamedTuple):
    """One hit that was called all the same: what the ledger would have said it saves, and what the call cost."""

    estimated_usd: Decimal
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class HoldOutRate:
    """Dollars really saved by each dollar that the ledger says was saved, with its 95 % interval.

    `rate` is None with fewer than thirty pairs; `pairs` says how many there are.
    """

    pairs: int
    rate: float | None = None
    low: float | None = None
    high: float | None = None


def pairs_of(rows: Iterable[LedgerRow]) -> list[HeldOut]:
    """The hits among these rows that were called all the same, where both sides are known."""
    calls = (row.call for row in rows if row.call.line == LedgerLine.HOLD_OUT)
    return [HeldOut(call.then_usd, call.cost_usd) for call in calls if call.then_usd is not None and call.cost_usd is not None]


def rate_of(pairs: Iterable[HeldOut]) -> HoldOutRate:
    """The ratio of the sums, and its interval from how far the single calls lie from it.

    Costs have a long upper end, and a few calls mostly miss the costliest: the upper side is widened by the third
    moment (Johnson 1978, modified t), the lower side is not narrowed.
    """
    found = [(float(pair.estimated_usd), float(pair.cost_usd)) for pair in pairs]
    count, estimated = len(found), sum(x for x, _ in found)
    if count < FEWEST_PAIRS or estimated <= 0:
        return HoldOutRate(count)
    rate = sum(y for _, y in found) / estimated
    apart = [y - rate * x for x, y in found]
    deviation = sqrt(sum(e**2 for e in apart) / (count - 1))
    skew = max(0.0, sum(e**3 for e in apart) / count / deviation**3) if deviation else 0.0
    t = two_sided(COVERED, count - 1)
    unit = deviation * sqrt(count) / estimated
    below, above = t * unit, (t + skew * (1 + 2 * t**2) / (6 * sqrt(count))) * unit
    return HoldOutRate(count, rate, max(0.0, rate - below), rate + above)
