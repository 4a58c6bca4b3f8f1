"""LATENCY HISTOGRAM and LATENCY LATEST as samples:
cumulative buckets in seconds on one grid, so that windows can subtract.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ...model.sample import Kind, Sample
from .fields import COUNTS, possible
from .flat import label, number, pairs, text

#: Upper bounds the server prints, in microseconds: powers of two of 1,024 ns, rounded by its histogram.
_POWERS = (1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113, 4227, 8454, 16_908, 33_816, 67_633, 135_266, 270_532, 541_065)
GRID_US = (*_POWERS, 1_082_130)
#: A server that has other buckets: at most so many, up to a day.
MOST_BUCKETS, LONGEST_US = 64, 86_400_000_000


def le(bound_us: int) -> str:
    """A bound as the label `le`, in seconds."""
    return f"{bound_us / 1e6:.6f}".rstrip("0").rstrip(".")


def read_histogram(reply: Any) -> tuple[Sample, ...]:
    """Every command's buckets.

    The server leaves out buckets that add nothing; we fill them, because a series that begins late would look like a
    counter that began at zero.
    """
    samples: list[Sample] = []
    for command, facts in pairs(reply):
        named = dict(pairs(facts))
        calls = number(named.get("calls"))
        if calls is None or calls < 0:
            continue
        given = dict(_bounds(named.get("histogram_usec", ())))
        seen = 0.0
        for bound in sorted({*GRID_US, *given}):
            seen = max(seen, given.get(bound, seen))
            samples.append(_bucket(label(command), le(bound), seen))
        samples.append(_bucket(label(command), "+Inf", max(calls, seen)))
    return tuple(samples)


def read_latest(reply: Any) -> tuple[Sample, ...]:
    """The latency monitor's events; Valkey 9.1 says six things of each, older servers four, by position in both."""
    samples: list[Sample] = []
    for row in reply if isinstance(reply, list) else ():
        if not isinstance(row, list) or len(row) < 4:
            continue
        at, newest, longest = map(number, row[1:4])
        if at is None or newest is None or longest is None:
            continue
        labels = (("event", label(text(row[0]))),)
        for metric, value in zip(_EVENT, (at, newest / 1e3, longest / 1e3), strict=True):
            low, high = possible(metric, Kind.GAUGE, "seconds")
            if low <= value <= high:
                samples.append(Sample(metric, value, unit="seconds", labels=labels))
    return tuple(samples)


_EVENT = ("latency_event_time", "latency_event_seconds", "latency_event_max_seconds")


def _bounds(reply: Any) -> Iterator[tuple[int, float]]:
    """The buckets that can be read: a bound in microseconds and the calls up to it."""
    for bound, count in islice(pairs(reply), MOST_BUCKETS):
        at, calls = number(bound), number(count)
        if at is not None and calls is not None and 0 < at <= LONGEST_US and COUNTS[0] <= calls <= COUNTS[1]:
            yield int(at), calls


def _bucket(command: str, bound: str, count: float) -> Sample:
    return Sample("latency_bucket", count, Kind.COUNTER, "1", (("cmd", command), ("le", bound)))
