"""How an axis shows a unit: what values are divided by, and what stands behind the number."""

from math import ceil, isfinite, log10
from typing import NamedTuple

BYTE_STEPS = ((1024.0**4, "TB"), (1024.0**3, "GB"), (1024.0**2, "MB"), (1024.0, "KB"))
TIME_STEPS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


class Scale(NamedTuple):
    """`divisor` turns base units into what the axis shows; `suffix` and `prefix` stand around each tick."""

    divisor: float
    suffix: str
    prefix: str = ""

    def longest(self, largest: float) -> str:
        """A tick label at least as long as any of an axis that reaches this value."""
        shown = abs(largest) / self.divisor if isfinite(largest) else 0.0
        digits = "0." + "0" * (ceil(-log10(shown)) + 1) if 0 < shown < 1 else "0000"
        return f"{self.prefix}{digits}{self.suffix}"


#: Decades of time in seconds, as a logarithmic axis names them.
DECADES = {
    1e-6: "1 µs",
    1e-5: "10 µs",
    1e-4: "100 µs",
    1e-3: "1 ms",
    1e-2: "10 ms",
    1e-1: "100 ms",
    1.0: "1 s",
    1e1: "10 s",
    1e2: "100 s",
}


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
