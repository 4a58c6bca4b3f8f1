"""How an axis shows a unit: what values are divided by, and what stands behind the number."""

from math import isfinite
from typing import NamedTuple

BYTE_STEPS = ((1024.0**4, "TB"), (1024.0**3, "GB"), (1024.0**2, "MB"), (1024.0, "KB"))
TIME_STEPS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


class Scale(NamedTuple):
    """`divisor` turns base units into what the axis shows; `suffix` and `prefix` stand around each tick."""

    divisor: float
    suffix: str
    prefix: str = ""


def scale(unit: str, largest: float) -> Scale:
    """The scale in which the largest value has one to four digits. Units: bytes, seconds, ratio, usd, 1/s or 1."""
    largest = abs(largest) if isfinite(largest) else 0.0
    match unit:
        case "bytes":
            return next((Scale(step, f" {name}") for step, name in BYTE_STEPS if largest >= step), Scale(1.0, " B"))
        case "seconds":
            return next((Scale(step, f" {name}") for step, name in TIME_STEPS if largest >= step), Scale(1e-6, " µs"))
        case "ratio":
            return Scale(0.01, " %")
        case "usd":
            return Scale(1.0, "", "$")
        case "1/s":
            return Scale(1.0, " /s")
        case _:
            return Scale(1.0, "")
