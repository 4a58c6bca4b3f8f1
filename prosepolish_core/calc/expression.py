"""What an alert rule computes: expressions over series, as data. One tree is evaluated over instants and written as PromQL.

A vector maps labels to one number per instant; NaN where nothing is known: no sample lately, or too little traffic.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..model.sample import Labels

Numbers = npt.NDArray[np.float64]
Vector = dict[Labels, Numbers]
#: A reading older than this says nothing about now, unless the metric is read less often.
STALE_S = 60.0


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


class Expression(Protocol):
    """One node of the tree."""

    def over(self, history: History, instants: Numbers) -> Vector:
        """One number per instant for each set of labels."""

    def promql(self, names: Mapping[str, str]) -> str:
        """The same as a PromQL expression; `names` gives each metric's name on `/metrics`."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest reading of a gauge that is not older than `stale_s`. `where` picks series by label values."""

    metric: str
    where: Labels = ()
    stale_s: float = STALE_S

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        return {c.labels: _held(c, instants, self.stale_s) for c in _chosen(history, self.metric, self.where)}

    def promql(self, names: Mapping[str, str]) -> str:
        """See Expression."""
        return _selector(self.metric, self.where, names)


@dataclass(frozen=True, slots=True)
class Increase:
    """How much a counter grew in the `over_s` seconds before each instant, whatever resets lie between."""

    metric: str
    over_s: float
    where: Labels = ()
    stale_s: float = STALE_S

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        found: Vector = {}
        for course in _chosen(history, self.metric, self.where):
            now = _held(course, instants, self.stale_s)
            before = np.searchsorted(course.at, instants - self.over_s, side="right") - 1
            found[course.labels] = now - course.value[np.maximum(before, 0)]
        return found

    def promql(self, names: Mapping[str, str]) -> str:
        """See Expression."""
        return f"increase({_selector(self.metric, self.where, names)}[{self.over_s:.0f}s])"


@dataclass(frozen=True, slots=True)
class Total:
    """Series added up that share these labels; a series without a number at an instant adds nothing there."""

    of: Expression
    by: tuple[str, ...] = ("instance",)

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        groups: dict[Labels, list[Numbers]] = {}
        for labels, numbers in self.of.over(history, instants).items():
            groups.setdefault(_only(labels, self.by), []).append(numbers)
        return {labels: _added(group) for labels, group in groups.items()}

    def promql(self, names: Mapping[str, str]) -> str:
        """See Expression."""
        return f"sum by ({', '.join(self.by)}) ({self.of.promql(names)})"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two expressions, or an expression and a number, joined by `+ - * /`.

    The right side's labels are among the left side's: each series on the left finds its partner by them.
    """

    left: Expression
    sign: str
    right: "Expression | float"

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        left = self.left.over(history, instants)
        act = _SIGNS[self.sign]
        with np.errstate(divide="ignore", invalid="ignore"):
            if isinstance(self.right, int | float):
                return {labels: _finite(act(numbers, self.right)) for labels, numbers in left.items()}
            right = self.right.over(history, instants)
            names = _names(right)
            paired = ((labels, numbers, right.get(_only(labels, names))) for labels, numbers in left.items())
            return {labels: _finite(act(numbers, other)) for labels, numbers, other in paired if other is not None}

    def promql(self, names: Mapping[str, str]) -> str:
        """See Expression."""
        if isinstance(self.right, int | float):
            return f"({self.left.promql(names)} {self.sign} {self.right:g})"
        return (
            f"({self.left.promql(names)} {self.sign} on ({', '.join(_joins(self.right))}) group_left () {self.right.promql(names)})"
        )


@dataclass(frozen=True, slots=True)
class Guarded:
    """An expression that counts only where another one is at least so much: a rate needs traffic before it says anything."""

    of: Expression
    enough: Expression
    at_least: float

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        enough = self.enough.over(history, instants)
        names = _names(enough)
        found: Vector = {}
        for labels, numbers in self.of.over(history, instants).items():
            amount = enough.get(_only(labels, names))
            if amount is not None:
                found[labels] = np.where(amount >= self.at_least, numbers, np.nan)
        return found

    def promql(self, names: Mapping[str, str]) -> str:
        """See Expression."""
        enough = f"({self.enough.promql(names)} >= {self.at_least:g})"
        return f"({self.of.promql(names)} and on ({', '.join(_joins(self.enough))}) {enough})"


@dataclass(frozen=True, slots=True)
class OnlyWhere:
    """An expression of those instances alone whose newest string begins with one of these beginnings (or, with `but`, does not)."""

    of: Expression
    text: str
    begins: tuple[str, ...]
    but: bool = False

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        texts = history.texts(self.text)
        chosen = {instance for instance, text in texts.items() if text.startswith(self.begins) != self.but}
        return {labels: n for labels, n in self.of.over(history, instants).items() if dict(labels).get("instance") in chosen}

    def promql(self, names: Mapping[str, str]) -> str:
        """See Expression."""
        sign = "!~" if self.but else "=~"
        pattern = "|".join(f"{begin}.*" for begin in self.begins)
        info = names.get("instance_info", "redis_instance_info")
        return f'({self.of.promql(names)} and on (instance) {info}{{{self.text}{sign}"{pattern}"}})'


_SIGNS: dict[str, Callable[[Numbers, "Numbers | float"], Numbers]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}


def _chosen(history: History, metric: str, where: Labels) -> list[Course]:
    wanted = set(where)
    return [course for course in history.courses(metric) if wanted <= set(course.labels) and len(course.at)]


def _held(course: Course, instants: Numbers, stale_s: float) -> Numbers:
    """The newest value at each instant; NaN before the first one, and when it is too old."""
    at = np.searchsorted(course.at, instants, side="right") - 1
    known = np.maximum(at, 0)
    return np.where((at >= 0) & (instants - course.at[known] <= stale_s), course.value[known], np.nan)


def _only(labels: Labels, names: Sequence[str]) -> Labels:
    return tuple(pair for pair in labels if pair[0] in names)


def _names(vector: Vector) -> tuple[str, ...]:
    return tuple(sorted({name for labels in vector for name, _ in labels}))


def _joins(node: "Expression") -> tuple[str, ...]:
    """The labels by which a right side is joined: those its sum keeps, else the instance."""
    return node.by if isinstance(node, Total) else ("instance",)


def _added(group: list[Numbers]) -> Numbers:
    stacked = np.array(group)
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))


def _finite(numbers: Numbers) -> Numbers:
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _selector(metric: str, where: Labels, names: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{value}"' for name, value in where)
    return names.get(metric, metric) + (f"{{{inside}}}" if inside else "")
