"""Raw tracks as cells: gauges sample by sample, counters as reset-safe increases between samples."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ...calc.buckets import CounterCells, GaugeCells
from ...calc.counters import absent_is_zero, increases, life_share, of_observer
from ...model.sample import Kind
from ...model.series import SeriesKey
from .packing import Numbers
from .raw_samples import SeriesRow, Track

C = TypeVar("C", GaugeCells, CounterCells)


def by_key(track: Track, series: Mapping[int, SeriesRow], kind: Kind) -> dict[SeriesKey, Numbers]:
    """Values of a track by public name. Series that differ in unit only are one: the unit was changed on the way."""
    found: dict[SeriesKey, Numbers] = {}
    for number, values in track.values.items():
        row = series.get(number)
        if row is not None and row.kind is kind:
            key = track.key(row)
            found[key] = np.where(np.isnan(found[key]), values, found[key]) if key in found else values
    return found


def gauge_cells(track: Track, series: Mapping[int, SeriesRow]) -> dict[SeriesKey, GaugeCells]:
    """The gauges of a track, sample by sample."""
    return {key: GaugeCells.of_samples(track.tick, values) for key, values in by_key(track, series, Kind.GAUGE).items()}


def counter_cells(track: Track, series: Mapping[int, SeriesRow], after: float) -> dict[SeriesKey, CounterCells]:
    """The increases of a track's counters that ended after an instant, each whole."""
    counters = by_key(track, series, Kind.COUNTER)
    found = {}
    for metric in dict.fromkeys(key.metric for key in counters):
        keys = [key for key in counters if key.metric == metric]
        labelled = [key for key in keys if key.labels]
        if labelled:
            matrix = absent_is_zero(np.column_stack([counters[key] for key in labelled]))
            counters.update(zip(labelled, matrix.T, strict=True))
        for key in keys:
            found[key] = _cells(track, counters[key], after, own=of_observer(metric))
    return found


def _cells(track: Track, values: Numbers, after: float, *, own: bool) -> CounterCells:
    real = ~np.isnan(values)
    tick, ts, v = track.tick[real], track.ts[real], values[real]
    if len(v) < 2:
        return CounterCells(np.empty(0), np.empty(0), np.empty(0))
    covered = np.diff(ts, prepend=ts[0])
    # A clock that was set back between two readings: the schedule's instants still tell how far apart they are.
    covered = np.where(covered > 0, covered, np.diff(tick, prepend=tick[0]))
    other = None if own else other_process(track.process[real], track.uptime[real])
    grown = increases(v, other, life_share(covered, track.uptime[real]))
    keep = tick > after
    keep[0] = False
    return CounterCells(tick[keep], grown[keep], covered[keep])


def other_process(process: npt.NDArray[np.int64], uptime: Numbers) -> npt.NDArray[np.bool_]:
    """Which readings came from another process than the one before: another run_id, or an uptime that fell."""
    other = np.zeros(len(process), dtype=bool)
    known = (process[1:] >= 0) & (process[:-1] >= 0)
    other[1:] = np.where(known, process[1:] != process[:-1], np.diff(uptime) < 0)
    return other


def merge(parts: Iterable[C]) -> C:
    """Cells of one series from several resolutions, in order of time."""
    some = list(parts)
    names = list(some[0].__slots__)
    columns = [np.concatenate([getattr(part, name) for part in some]) for name in names]
    order = np.argsort(columns[names.index("at")], kind="stable")
    return type(some[0])(*(column[order] for column in columns))
