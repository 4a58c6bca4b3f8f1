"""The same alert states as `alert_state.step` gives look by look, for a whole course of values at once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..model.alert import NoData
from .alert_state import Threshold

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Firing(NamedTuple):
    """One time that a threshold fired.

    Places in the array of instants: where its condition began, where it fired, and where it ended (None: not yet).
    """

    since: int
    fired: int
    ended: int | None


def firings(threshold: Threshold, values: Numbers, instants: Numbers) -> list[Firing]:
    """Every time this threshold fired over ascending instants, oldest first."""
    unknown = np.isnan(values)
    with np.errstate(invalid="ignore"):
        over = values < threshold.fire if threshold.falling else values > threshold.fire
        back = values >= threshold.clear if threshold.falling else values <= threshold.clear
    beyond = np.where(unknown, threshold.no_data is NoData.FIRE, over)
    clear = np.where(unknown, threshold.no_data is NoData.CLEAR, back)
    return list(_alternate(_Held(beyond, instants, threshold.hold_s), _Held(clear, instants, threshold.clear_s)))


class _Held:
    """Where a condition has held for its time, asked with a rising place."""

    def __init__(self, flags: Flags, instants: Numbers, for_s: float) -> None:
        edges = np.diff(flags.astype(np.int8), prepend=0, append=0)
        self._first, self._last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        self._instants, self._for_s = instants, for_s
        # Most stretches are too short to matter: they are left out at once.
        long = instants[self._last] - instants[self._first] >= for_s
        self._first, self._last = self._first[long], self._last[long]

    def after(self, at: int) -> tuple[int, int] | None:
        """The first place at or after `at` at which the condition has held long enough,
        counted from `at` on: where that began, and the place.
        """
        for n in range(int(np.searchsorted(self._last, at)), len(self._last)):
            begin = max(int(self._first[n]), at)
            end = int(np.searchsorted(self._instants, self._instants[begin] + self._for_s))
            if end <= self._last[n]:
                return begin, end
        return None


def _alternate(beyond: _Held, clear: _Held) -> Iterator[Firing]:
    at = 0
    while (fires := beyond.after(at)) is not None:
        since, fired = fires
        ends = clear.after(fired + 1)
        yield Firing(since, fired, None if ends is None else ends[1])
        if ends is None:
            return
        at = ends[1] + 1
