"""The bounds of every latency histogram: fixed, so that histograms of any process and any time can be added."""

from math import inf

#: Ten bounds a decade from 10 µs to 20 s, then infinity. Changing them needs a migration of the stored histograms.
BOUNDS_S: tuple[float, ...] = (*(float(f"{10 ** (step / 10 - 5):.3g}") for step in range(64)), inf)


def le(bound: float) -> str:
    """A bound as a label, as Prometheus spells it."""
    return "+Inf" if bound == inf else str(bound)


def cumulative(counts: list[int] | tuple[int, ...]) -> tuple[int, ...]:
    """How many calls took at most each bound, from how many fell between two bounds."""
    total, summed = 0, []
    for count in counts:
        total += count
        summed.append(total)
    return tuple(summed)
