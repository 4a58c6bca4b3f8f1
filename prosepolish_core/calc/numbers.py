"""How numbers read on screen: unit, digits and thin thousands. Each text keeps its number, in base units, for files."""

from collections.abc import Callable
from decimal import Decimal
from math import isfinite

from .shown_number import keeps

THIN = "\u2009"
NONE = "–"
_BYTES = ("B", "KB", "MB", "GB", "TB")


@keeps("")
def count(value: float | None) -> str:
    """A number of things: whole, thousands set apart by a thin space."""
    if value is None or not isfinite(value):
        return NONE
    return f"{round(value):,}".replace(",", THIN)


@keeps("1/s")
def rate(value: float | None) -> str:
    """Things per second: enough digits to tell slow from stopped."""
    if value is None or not isfinite(value):
        return NONE
    return f"{_digits(value)}/s"


@keeps("%", 100)
def percent(ratio: float | None, digits: int = 1) -> str:
    """A ratio (0-1) as a percentage. Never rounds up to 100 % or down to 0 % what is neither."""
    if ratio is None or not isfinite(ratio):
        return NONE
    edge = 10.0**-digits
    shown = round(ratio * 100, digits) + 0.0  # never minus nothing
    if shown >= 100 > ratio * 100:
        return f"> {100 - edge:.{digits}f} %"
    if shown <= 0 < ratio * 100:
        return f"< {edge:.{digits}f} %"
    return f"{shown:.{digits}f} %"


@keeps("bytes")
def size(value: float | None) -> str:
    """Bytes in binary steps, labelled as Redis does: 1 KB is 1024 B."""
    if value is None or not isfinite(value):
        return NONE
    step, rest = 0, abs(float(value))
    while rest >= 1023.95 and step < len(_BYTES) - 1:
        rest, step = rest / 1024, step + 1
    sign = "-" if value < 0 else ""
    return f"{sign}{rest:.0f} B" if step == 0 else f"{sign}{rest:.1f} {_BYTES[step]}"


@keeps("s")
def duration(seconds: float | None) -> str:
    """A time: µs, ms or s with three significant digits."""
    if seconds is None or not isfinite(seconds):
        return NONE
    if seconds == 0:
        return "0 s"
    if seconds < 0.000_999_5:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.999_5:
        return f"{_digits(seconds * 1e3)} ms"
    return f"{_digits(seconds)} s"


@keeps("s")
def age(seconds: float | None) -> str:
    """How long ago: s, min, h or d."""
    if seconds is None or not isfinite(seconds):
        return NONE
    for limit, divisor, unit in ((90, 1, "s"), (5400, 60, "min"), (129_600, 3600, "h")):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


@keeps("USD")
def usd(value: Decimal | float | None) -> str:
    """Dollars: two digits from one dollar on, below that as many as tell the first two figures apart."""
    if value is None:
        return NONE
    amount = Decimal(value) if isinstance(value, Decimal) else Decimal(str(value))
    if not amount.is_finite():
        return NONE
    negative, amount = amount < 0, abs(amount)
    digits = 2
    if 0 < amount < 1:
        digits = min(9, max(2, 1 - amount.adjusted()))
    sign = "-" if negative and round(amount, digits) else ""
    return f"{sign}${amount:,.{digits}f}".replace(",", THIN)


def _digits(value: float) -> str:
    """Three significant digits without an exponent."""
    size_ = abs(value)
    if size_ >= 999.5:
        return f"{value:,.0f}".replace(",", THIN)
    return f"{value:.0f}" if size_ >= 99.95 else f"{value:.1f}" if size_ >= 9.995 else f"{value:.2f}"


#: How a value in each base unit reads.
_UNITS: dict[str, Callable[[float | None], str]] = {"ratio": percent, "bytes": size, "seconds": duration}


def said(value: float | None, unit: str) -> str:
    """A value with its base unit (`ratio`, `bytes`, `seconds`;
    a time of minutes or more as `age` says it), or plain.
    """
    if unit == "seconds" and value is not None and value >= 60:
        return age(value)
    if unit in _UNITS:
        return _UNITS[unit](value)
    plain = NONE if value is None or not isfinite(value) else f"{value:.3g}"
    return f"{plain} a minute" if unit == "1/minute" else plain
