"""The newest readings of one collector and source: runs down, series across,
so that all share one array of instants.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from ...calc.counters import increases
from ...calc.courses import Course, Places
from ...model.sample import Kind, Labels, Sample

#: Rows made room for at first; doubled when they are used up.
ROWS = 64

#: A run that comes so much earlier than the one before is not late: the clock was set back.
SET_BACK_S = 120.0
#: A series' metric, its labels with the instance, and its reading.
Read = tuple[str, Labels, Sample]


class RunReadings:
    """Counters are summed over their resets. Where a run lacks a series a gauge is unknown, a counter stands still."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._columns: dict[tuple[str, Labels], int] = {}
        self._by_metric: dict[str, list[tuple[Labels, int]]] = {}
        self._counts = np.zeros(0, dtype=bool)
        self._raw = np.zeros(0)
        self._at = np.zeros(ROWS)
        self._values = np.zeros((ROWS, 0))
        self._size = 0

    def add(self, at: float, read: Sequence[Read], share: float | None) -> None:
        """One run. `share`: read from another process than before, of whose counts this part is new.

        A labelled counter that was not there in the run before was 0 then: servers make them at their first use.
        """
        if self._size and at < self._at[self._size - 1] - SET_BACK_S:
            self._size = int(np.searchsorted(self._at[: self._size], at))  # the clock was set back: that lies ahead now
        if self._size and at <= self._at[self._size - 1]:
            return  # a run that comes late, or twice
        places, readings = self._places(read)
        row = np.where(self._counts, self._values[self._size - 1], np.nan) if self._size else np.full(len(self._raw), np.nan)
        values = np.array(readings)
        counts = self._counts[places]
        counters, new = places[counts], values[counts]
        before = self._raw[counters]
        pair = np.array([before, new])
        other, part = (
            (None, None) if share is None else (np.broadcast_to(rows, pair.shape) for rows in ([[False], [True]], [[1.0], [share]]))
        )
        grown = increases(pair, other, part)[1]
        first = np.isnan(before)
        row[counters] = np.where(first, 0.0, row[counters] + grown)
        self._raw[counters] = new
        row[places[~counts]] = values[~counts]
        self._room()
        self._at[self._size], self._values[self._size] = at, row
        self._size += 1

    @property
    def metrics(self) -> Iterable[str]:
        """The metrics that any run had."""
        return self._by_metric

    def courses(self, metric: str) -> list[Course]:
        """Every series of this metric."""
        at = self._at[: self._size]
        return [Course(labels, at, self._values[: self._size, column]) for labels, column in self._by_metric.get(metric, ())]

    def forget_before(self, instant: float) -> bool:
        """Let go of older runs, in large steps; False when no run is left."""
        gone = int(np.searchsorted(self._at[: self._size], instant))
        if gone > self._size // 2:
            kept = self._size - gone
            self._at[:kept], self._values[:kept] = self._at[gone : self._size], self._values[gone : self._size].copy()
            self._size = kept
        return self._size > 0

    def _places(self, read: Sequence[Read]) -> tuple[Places, list[float]]:
        """The column of each series, made where it is new, and the readings."""
        places, readings, fresh = [], [], list[Read]()
        for one in read:
            place = self._columns.get(one[:2])
            if place is None:
                if len(self._columns) >= self._most:
                    continue
                place = self._columns[one[:2]] = len(self._columns)
                self._by_metric.setdefault(one[0], []).append((one[1], place))
                fresh.append(one)
            places.append(place)
            readings.append(one[2].value)
        if fresh:
            self._widen(fresh)
        return np.array(places, dtype=np.intp), readings

    def _widen(self, fresh: Sequence[Read]) -> None:
        counts = np.array([sample.kind is Kind.COUNTER for _, _, sample in fresh])
        was_zero = counts & np.array([bool(sample.labels) for _, _, sample in fresh]) & (self._size > 0)
        column = np.full((len(self._at), len(fresh)), np.nan)
        column[:, counts] = 0.0  # nothing of it was counted before
        self._values = np.hstack([self._values, column])
        self._counts = np.append(self._counts, counts)
        self._raw = np.append(self._raw, np.where(was_zero, 0.0, np.nan))

    def _room(self) -> None:
        if self._size == len(self._at):
            self._at = np.append(self._at, np.zeros(self._size))
            self._values = np.vstack([self._values, np.zeros_like(self._values)])
