"""Spans of a roll-up: the cells of one series in equal steps, and how they are packed without loss."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .buckets import CounterCells, GaugeCells, Grid

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """One series in the steps of a grid. Rows of `steps`: gauge last, low, high, sum of values; counter increase."""

    count: Numbers
    covered: Numbers
    steps: Numbers


class Packed(NamedTuple):
    """A span as it is stored: everything relative to `base`; `steps` is None when it is all zero."""

    base: float
    steps: Numbers | None
    narrow: bool


class Steps(Protocol):
    """Steps of equal width; a grid is one."""

    @property
    def starts(self) -> Numbers:
        """Where each starts."""

    @property
    def width(self) -> float:
        """Seconds of each."""


def span_of_gauges(cells: GaugeCells, grid: Grid) -> Span:
    """Cells of a gauge in the steps of a grid."""
    at = np.floor((cells.at - grid.start) / grid.width).astype(np.int64)
    inside = (at >= 0) & (at < grid.size)
    at = at[inside]
    count = np.bincount(at, cells.count[inside], grid.size).astype(np.float64)
    steps = np.zeros((4, grid.size))
    steps[1], steps[2] = np.inf, -np.inf
    steps[0, at] = cells.last[inside]
    np.fmin.at(steps[1], at, cells.low[inside])
    np.fmax.at(steps[2], at, cells.high[inside])
    steps[3] = np.bincount(at, cells.total[inside], grid.size)
    steps[:, count == 0] = 0.0
    return Span(count, np.zeros(grid.size), steps)


def span_of_counters(cells: CounterCells, grid: Grid) -> Span:
    """Cells of a counter in the steps of a grid: each whole in the step in which it ends, also one that spans a gap."""
    at = np.ceil(np.round((cells.at - grid.start) / grid.width, 6)).astype(np.int64) - 1
    inside = (at >= 0) & (at < grid.size)
    at = at[inside]
    return Span(
        np.bincount(at, minlength=grid.size).astype(float),
        np.bincount(at, cells.covered[inside], grid.size).astype(np.float64),
        np.bincount(at, cells.increase[inside], grid.size).astype(np.float64)[None, :],
    )


def pack(span: Span) -> Packed:
    """Relative to the first value where that is exact, in single precision where that is exact too."""
    some = span.count > 0
    base = float(span.steps[0][some][0]) if len(span.steps) == 4 and some.any() else 0.0
    steps = _relative(span, base, some)
    if steps is None:
        base, steps = 0.0, span.steps
    if not steps.any():
        return Packed(base, None, narrow=True)
    with np.errstate(over="ignore"):
        exact = np.array_equal(steps.astype(np.float32).astype(np.float64), steps, equal_nan=True)
    return Packed(base, steps, exact)


def unpack(base: float, steps: Numbers, count: Numbers) -> Numbers:
    """The steps of a span back from what `pack` gave (zeros where it gave None)."""
    if len(steps) == 1:
        return steps
    found = steps + base
    found[3] = steps[3] + base * count
    return found


def gauge_cells(span: Span, grid: Steps) -> GaugeCells:
    """A gauge's span as cells: each at the start of its step."""
    some = span.count > 0
    last, low, high, total = span.steps[:, some]
    return GaugeCells(grid.starts[some], span.count[some], total, low, high, last)


def counter_cells(span: Span, grid: Steps) -> CounterCells:
    """A counter's span as cells: each at the end of its step."""
    some = span.count > 0
    return CounterCells(grid.starts[some] + grid.width, span.steps[0][some], span.covered[some])


def _relative(span: Span, base: float, some: npt.NDArray[np.bool_]) -> Numbers | None:
    """Steps minus the base; None where adding it back would not give the same numbers."""
    if base == 0.0:
        return span.steps
    if not np.isfinite(base):
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.where(some, span.steps - base, 0.0)
        steps[3] = np.where(some, span.steps[3] - base * span.count, 0.0)
        back = steps[:3] + base
    exact = np.array_equal(np.where(some, back, 0.0), np.where(some, span.steps[:3], 0.0), equal_nan=True)
    return steps if exact else None
