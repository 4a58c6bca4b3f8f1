"""Cells into buckets: a cell is a sample or one step of a roll-up; a bucket is what a chart draws."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Buckets of equal width from `start` (seconds since the epoch, a multiple of the width)."""

    start: float
    width: float
    size: int

    @property
    def starts(self) -> Numbers:
        """Where each bucket starts."""
        return self.start + self.width * np.arange(self.size, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class GaugeCells:
    """Gauge readings: arrays of equal length, ordered by time."""

    at: Numbers
    count: Numbers
    total: Numbers
    low: Numbers
    high: Numbers
    last: Numbers

    @classmethod
    def of_samples(cls, at: Numbers, values: Numbers) -> "GaugeCells":
        """Single samples as cells; NaN is no sample."""
        real = ~np.isnan(values)
        v = values[real]
        return cls(at[real], np.ones(len(v)), v, v, v, v)


@dataclass(frozen=True, slots=True)
class CounterCells:
    """Increases: each belongs to the half-open span (at - covered, at], `at` being the instant of the later sample."""

    at: Numbers
    increase: Numbers
    covered: Numbers


def between(cells: GaugeCells, start: float, end: float) -> GaugeCells:
    """The cells of a half-open window."""
    inside = (cells.at >= start) & (cells.at < end)
    return GaugeCells(*(getattr(cells, name)[inside] for name in cells.__slots__))


def cut(cells: CounterCells, start: float, end: float) -> CounterCells:
    """The increases that ended in (start, end]; one that began before `start` counts by the share that lies inside."""
    inside = (cells.at > start) & (cells.at <= end)
    at, increase, covered = cells.at[inside], cells.increase[inside], cells.covered[inside]
    share = np.clip((at - start) / np.maximum(covered, 1e-9), 0.0, 1.0)
    # A reading that came late may seem to reach beyond its interval by moments; only real gaps are cut.
    share[covered <= 1.5 * (at - start)] = 1.0
    return CounterCells(at, increase * share, covered * share)


def grid_for(start: float, end: float, points: int, step: float, at: Numbers) -> Grid:
    """At most `points` buckets over [start, end), no narrower than the readings are apart,
    aligned to whole multiples.
    """
    spacing = float(np.median(np.diff(at))) if len(at) > 2 else step
    wanted = max((end - start) / max(points - 1, 1), spacing, step)
    width = step * np.ceil(round(wanted / step, 6))
    first = np.floor(start / width) * width
    return Grid(float(first), float(width), max(1, int(np.ceil((end - first) / width))))


def bucket_gauges(cells: GaugeCells, grid: Grid) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """(mean, low, high, last) per bucket; NaN where nothing was read."""
    at = np.floor((cells.at - grid.start) / grid.width).astype(np.int64)
    inside = (at >= 0) & (at < grid.size)
    at = at[inside]
    mean, low, high, last = (np.full(grid.size, np.nan) for _ in range(4))
    count = np.bincount(at, cells.count[inside], grid.size)
    total = np.bincount(at, cells.total[inside], grid.size)
    some = count > 0
    mean[some] = total[some] / count[some]
    np.fmin.at(low, at, cells.low[inside])
    np.fmax.at(high, at, cells.high[inside])
    last[at] = cells.last[inside]  # cells are in order: the latest of a bucket stays
    # A mean of equal numbers may miss them by a rounding; it never leaves what was read.
    return np.clip(mean, low, high), low, high, last


def bucket_increases(cells: CounterCells, grid: Grid) -> tuple[Numbers, Numbers]:
    """(increase, seconds covered) per bucket. What happened over a gap is spread evenly over the buckets it spans."""
    increase, covered = np.zeros(grid.size), np.zeros(grid.size)
    begin = (cells.at - cells.covered - grid.start) / grid.width
    end = (cells.at - grid.start) / grid.width
    # A span no wider than a bucket belongs to the bucket in which it ends: readings that come late do not smear.
    whole = np.ceil(np.round(end, 6)).astype(np.int64) - 1
    narrow = (end - begin) <= 1.5
    mine = narrow & (whole >= 0) & (whole < grid.size)
    increase += np.bincount(whole[mine], cells.increase[mine], grid.size)
    covered += np.bincount(whole[mine], cells.covered[mine], grid.size)
    for i in np.flatnonzero(~narrow):
        lo, hi = max(begin[i], 0.0), min(end[i], float(grid.size))
        if hi <= lo:
            continue
        index = np.arange(int(lo), min(int(np.ceil(hi)), grid.size))
        part = (np.minimum(index + 1, hi) - np.maximum(index, lo)) / (end[i] - begin[i])
        increase[index] += cells.increase[i] * part
        covered[index] += cells.covered[i] * part
    increase[covered == 0] = np.nan
    return increase, covered
