"""Thinning for the screen: keeps peaks and shape, never draws a line across a gap."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from tsdownsample import MinMaxLTTBDownsampler

from ..errors import InvalidInput

Instants = npt.NDArray[np.datetime64]
Numbers = npt.NDArray[np.float64]

#: Readings further apart than this many usual distances have a gap between them.
GAP = 3.0
_LTTB = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]


def thin(ts: Instants, values: Numbers, points: int) -> tuple[Instants, Numbers]:
    """At most about `points` readings that look like all of them, with a NaN in every gap.

    Each unbroken run is thinned by its share; the first, the last, the lowest and the highest reading stay.
    """
    if len(ts) != len(values):
        raise InvalidInput("a series has one value per instant")
    if points < 3:
        raise InvalidInput("a series is thinned to 3 points or more")
    real = ~np.isnan(values)
    seconds = ts.astype("datetime64[ms]").astype(np.int64) / 1000.0
    pieces = _pieces(seconds, real)
    if not pieces:
        return ts[:0], values[:0]
    keep = [_thin(seconds, values, piece, max(2, round(points * len(piece) / real.sum()))) for piece in pieces]
    return _with_gaps(ts, values, keep)


def _pieces(seconds: Numbers, real: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.int64]]:
    """Indexes of each unbroken run of readings: NaN and long silences break."""
    index = np.flatnonzero(real)
    if len(index) < 2:
        return [index] if len(index) else []
    distance = np.diff(seconds[index])
    broken = (np.diff(index) > 1) | (distance > GAP * np.median(distance))
    return np.split(index, np.flatnonzero(broken) + 1)


def _thin(seconds: Numbers, values: Numbers, piece: npt.NDArray[np.int64], points: int) -> npt.NDArray[np.int64]:
    if len(piece) <= points:
        return piece
    ends = piece[[0, -1]]
    extremes = piece[[int(np.argmin(values[piece])), int(np.argmax(values[piece]))]]
    if points <= 4:
        return np.unique(np.concatenate([ends, extremes]))
    x, y = np.ascontiguousarray(seconds[piece]), np.ascontiguousarray(values[piece])
    chosen = np.asarray(_LTTB.downsample(x, y, n_out=points), dtype=np.int64)
    return np.unique(np.concatenate([ends, extremes, piece[chosen]]))


def _with_gaps(ts: Instants, values: Numbers, keep: list[npt.NDArray[np.int64]]) -> tuple[Instants, Numbers]:
    instants, numbers = [ts[keep[0]]], [values[keep[0]]]
    for before, after in pairwise(keep):
        middle = ts[before[-1]] + (ts[after[0]] - ts[before[-1]]) // 2
        instants += [np.array([middle], dtype=ts.dtype), ts[after]]
        numbers += [np.array([np.nan]), values[after]]
    return np.concatenate(instants), np.concatenate(numbers)
