"""Range queries: which resolution serves a window, and its cells put into buckets."""

from collections.abc import Sequence

import numpy as np

from ..adapters.postgres_pool import Connection
from ..calc.buckets import CounterCells, GaugeCells, bucket_gauges, bucket_increases, grid_for
from ..errors import InvalidWindow
from ..model.sample import Kind
from ..model.window import Window
from ..ports import GaugeSeries, IncreaseSeries, Instants, SeriesKey
from .cells import counter_cells, gauge_cells
from .packing import Numbers
from .raw import find_series, find_streams, read_tracks, runs_before

#: More buckets than this are never drawn.
MOST_POINTS = 20_000


def gauges(connection: Connection, metrics: Sequence[str], window: Window, points: int, source: str | None) -> list[GaugeSeries]:
    """See ports.SampleReader.gauges."""
    _check(points)
    found = []
    for key, cells in sorted(_gauge_cells(connection, metrics, window, source).items()):
        if not len(cells.at):
            continue
        grid = grid_for(*_bounds(window), points, 1.0, cells.at)
        found.append(GaugeSeries(key, _instants(grid.starts), *bucket_gauges(cells, grid)))
    return found


def increases(
    connection: Connection, metrics: Sequence[str], window: Window, points: int, source: str | None
) -> list[IncreaseSeries]:
    """See ports.SampleReader.increases."""
    _check(points)
    found = []
    for key, cells in sorted(_counter_cells(connection, metrics, window, source).items()):
        if not len(cells.at):
            continue
        grid = grid_for(*_bounds(window), points, 1.0, cells.at)
        found.append(IncreaseSeries(key, _instants(grid.starts), *bucket_increases(cells, grid)))
    return found


def _gauge_cells(connection: Connection, metrics: Sequence[str], window: Window, source: str | None) -> dict[SeriesKey, GaugeCells]:
    series, streams = find_series(connection, metrics, Kind.GAUGE), find_streams(connection, source)
    tracks = read_tracks(connection, streams, list(series), dict.fromkeys(streams, window.start), window.end)
    end = window.end.timestamp()
    cells: dict[SeriesKey, GaugeCells] = {}
    for track in tracks:
        for key, one in gauge_cells(track, series).items():
            inside = one.at < end
            kept = GaugeCells(*(getattr(one, n)[inside] for n in ("at", "count", "total", "low", "high", "last")))
            cells[key] = max(kept, cells.get(key, kept), key=lambda c: len(c.at))
    return cells


def _counter_cells(
    connection: Connection, metrics: Sequence[str], window: Window, source: str | None
) -> dict[SeriesKey, CounterCells]:
    series, streams = find_series(connection, metrics, Kind.COUNTER), find_streams(connection, source)
    firsts = runs_before(connection, list(streams), window.start)
    cells: dict[SeriesKey, CounterCells] = {}
    for track in read_tracks(connection, streams, list(series), firsts, window.end):
        for key, one in counter_cells(track, series, window.start.timestamp()).items():
            cells[key] = max(one, cells.get(key, one), key=lambda c: len(c.at))
    return cells


def _check(points: int) -> None:
    if not 1 <= points <= MOST_POINTS:
        raise InvalidWindow(f"a range is drawn with 1 to {MOST_POINTS} points")


def _bounds(window: Window) -> tuple[float, float]:
    return window.start.timestamp(), window.end.timestamp()


def _instants(seconds: Numbers) -> Instants:
    return (seconds * 1000).astype(np.int64).astype("datetime64[ms]")
