"""What the cache saves by the project's formula, from assumptions. Decimal only."""

from dataclasses import dataclass
from decimal import Decimal

from ..errors import InvalidInput

#: The largest figure that makes sense, where it is not far beyond any project.
MOST = {"correction_hit_ratio": 1, "lookup_hit_ratio": 1, "days_per_month": 31, "months_per_year": 12}
MOST_OF_ALL = 10**10
#: More decimal places than any price list, or any double that somebody can type, has.
MOST_PLACES = 40
#: Kilobytes and megabytes are thousands here, as bandwidth is sold.
KB = 1000


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the formula starts from; the defaults are the project's own figures. Ratios run from 0 to 1."""

    corrections_per_day: int = 1000
    correction_hit_ratio: Decimal = Decimal("0.30")
    usd_per_call: Decimal = Decimal("0.0005")
    seconds_per_call: Decimal = Decimal("1.5")
    lookups_per_day: int = 5000
    lookup_hit_ratio: Decimal = Decimal("0.90")
    bytes_per_lookup: int = 2 * KB
    days_per_month: int = 30
    months_per_year: int = 12
    cache_usd_per_month: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value, most = Decimal(getattr(self, name)), MOST.get(name, MOST_OF_ALL)
            if not value.is_finite() or not 0 <= value <= most:
                raise InvalidInput(f"{name} must be a number from 0 to {most:,}")
            if -int(value.as_tuple().exponent) > MOST_PLACES:
                raise InvalidInput(f"{name} must have at most {MOST_PLACES} decimal places")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the assumptions come to. `net` is what remains after the cache's own price; it may be negative."""

    calls_per_month: Decimal
    usd_per_month: Decimal
    usd_per_year: Decimal
    net_usd_per_month: Decimal
    waiting_s_per_month: Decimal
    requests_per_month: Decimal
    bytes_per_month: Decimal


def estimate(given: Assumptions) -> Estimate:
    """Corrections x days x hit ratio = calls not made, times their price;
    lookups x days x hit ratio, times their size.
    """
    calls = given.corrections_per_day * given.days_per_month * given.correction_hit_ratio
    requests = given.lookups_per_day * given.days_per_month * given.lookup_hit_ratio
    month = calls * given.usd_per_call
    return Estimate(
        calls_per_month=calls,
        usd_per_month=month,
        usd_per_year=month * given.months_per_year,
        net_usd_per_month=month - given.cache_usd_per_month,
        waiting_s_per_month=calls * given.seconds_per_call,
        requests_per_month=requests,
        bytes_per_month=requests * given.bytes_per_lookup,
    )
