"""Series over time as expressions read them: which are read, and what each says at an instant."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..model.sample import Labels

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


class Course(NamedTuple):
    """One series over time: ascending instants in seconds since the epoch, and a number for each.

    Of a gauge the readings; of a counter its reset-safe sum since the first reading, which itself adds nothing.
    """

    labels: Labels
    at: Numbers
    value: Numbers


class History(Protocol):
    """Where expressions find their series: the collectors' memory, or the store."""

    def courses(self, metric: str) -> Sequence[Course]:
        """Every series of the metric; a counter summed over its resets."""

    def texts(self, name: str) -> Mapping[str, str]:
        """The newest string of this name, by instance (`maxmemory_policy`, `role`)."""


class Pick(NamedTuple):
    """Which series of a metric an expression reads: for each label named here one of these values."""

    wanted: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of(cls, where: Labels) -> "Pick":
        """As a node says it: several values are joined by a bar."""
        return cls(tuple((name, tuple(value.split("|"))) for name, value in where))

    def without(self, label: str) -> "Pick":
        """The same, whatever value this label has."""
        return Pick(tuple(pair for pair in self.wanted if pair[0] != label))

    def takes(self, labels: Labels) -> bool:
        """Whether a series with these labels is read."""
        of = dict(labels)
        return all(of.get(name) in values for name, values in self.wanted)


def chosen(history: History, metric: str, where: Labels) -> list[Course]:
    courses = [course for course in history.courses(metric) if len(course.at)]
    if not where:
        return courses
    pick = Pick.of(where)
    return [course for course in courses if pick.takes(course.labels)]


def held(course: Course, instants: Numbers, stale_s: float) -> Numbers:
    """The newest value at each instant; NaN before the first one, and when it is too old."""
    at, known = newest(course.at, instants, stale_s)
    return np.where(known, course.value[at], np.nan)


def newest(at: Numbers, instants: Numbers, stale_s: float) -> tuple[Places, Flags]:
    """Where the newest reading at each instant stands, and whether there is one that is not too old."""
    found = np.searchsorted(at, instants, side="right") - 1
    places = np.maximum(found, 0)
    return places, (found >= 0) & (instants - at[places] <= stale_s)


def place(at: Numbers, instants: Numbers) -> Places:
    """Where the newest reading at each instant stands; before the first one, the first."""
    return np.maximum(np.searchsorted(at, instants, side="right") - 1, 0)


#: Stands for infinity where a product of zero and infinity would be unknown.
_HUGE = 1e300


def quantiles_over(q: float, of: Mapping[float, Numbers]) -> Numbers:
    """calc.quantiles.quantile for every instant at once; a month of them would take seconds one by one."""
    bounds = np.array(sorted(of))
    counts = np.maximum.accumulate(np.array([of[bound] for bound in bounds]), axis=0)
    rank = q * counts[-1]
    at = np.argmax((counts >= rank) & (counts > 0), axis=0)
    places = np.arange(counts.shape[1])
    below = np.where(at > 0, counts[np.maximum(at - 1, 0), places], 0.0)
    low = np.where(at > 0, bounds[np.maximum(at - 1, 0)], 0.0)
    inside = counts[at, places] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        high = np.minimum(bounds[at], _HUGE)
        value = np.minimum(low + (high - low) * np.where(inside > 0, (rank - below) / inside, 1.0), high)
    value = np.where(np.isinf(bounds[at]), low, value)
    return np.where(counts[-1] > 0, value, np.nan)
