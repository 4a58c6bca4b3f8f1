"""How the results of the savings formula read: one rounding for the page and for the command."""

from decimal import Decimal
from typing import NamedTuple

from . import numbers
from .savings import Estimate


class EstimateTexts(NamedTuple):
    """Every result, as people read it."""

    calls: str
    usd_per_month: str
    usd_per_year: str
    net_usd_per_month: str
    waiting: str
    requests: str
    traffic: str


def texts(shown: Estimate) -> EstimateTexts:
    """Money to the cent from a dollar on, hours to the hundredth, traffic in thousands, as bandwidth is sold."""
    return EstimateTexts(
        numbers.count(float(shown.calls_per_month)),
        numbers.usd(shown.usd_per_month),
        numbers.usd(shown.usd_per_year),
        numbers.usd(shown.net_usd_per_month),
        hours(shown.waiting_s_per_month),
        numbers.count(float(shown.requests_per_month)),
        traffic(shown.bytes_per_month),
    )


def hours(seconds: Decimal) -> str:
    """Hours, without zeros at the end."""
    return f"{_plain(round(seconds / 3600, 2))} h"


def traffic(number: Decimal) -> str:
    """Bytes in thousands."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("KB", 1000)):
        if number >= size:
            return f"{_plain(round(number / size, 2))} {unit}"
    return f"{numbers.count(float(number))} B"


def _plain(number: Decimal) -> str:
    return f"{number:f}".rstrip("0").rstrip(".") if number else "0"
