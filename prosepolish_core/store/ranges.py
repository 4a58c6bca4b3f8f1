"""Range queries: the cells of a window put into buckets."""

from collections.abc import Sequence

import numpy as np

from ..adapters.postgres_pool import Connection
from ..calc.buckets import bucket_gauges, bucket_increases, grid_for
from ..errors import InvalidWindow
from ..model.window import Window
from ..ports import GaugeSeries, IncreaseSeries, Instants
from . import levels
from .packing import Numbers

#: More buckets than this are never drawn.
MOST_POINTS = 20_000


def gauges(connection: Connection, metrics: Sequence[str], window: Window, points: int, source: str | None) -> list[GaugeSeries]:
    """See ports.SampleReader.gauges."""
    _check(points)
    fine, cells = levels.gauges(connection, levels.Ask(metrics, window, points, source))
    found = []
    for key in sorted(k for k, c in cells.items() if len(c.at)):
        grid = grid_for(*_bounds(window), points, fine or 1.0, cells[key].at)
        found.append(GaugeSeries(key, _instants(grid.starts), *bucket_gauges(cells[key], grid)))
    return found


def increases(
    connection: Connection, metrics: Sequence[str], window: Window, points: int, source: str | None
) -> list[IncreaseSeries]:
    """See ports.SampleReader.increases."""
    _check(points)
    fine, cells = levels.counters(connection, levels.Ask(metrics, window, points, source))
    found = []
    for key in sorted(k for k, c in cells.items() if len(c.at)):
        grid = grid_for(*_bounds(window), points, fine or 1.0, cells[key].at)
        found.append(IncreaseSeries(key, _instants(grid.starts), *bucket_increases(cells[key], grid)))
    return found


def _check(points: int) -> None:
    if not 1 <= points <= MOST_POINTS:
        raise InvalidWindow(f"a range is drawn with 1 to {MOST_POINTS} points")


def _bounds(window: Window) -> tuple[float, float]:
    return window.start.timestamp(), window.end.timestamp()


def _instants(seconds: Numbers) -> Instants:
    return (seconds * 1000).astype(np.int64).astype("datetime64[ms]")
