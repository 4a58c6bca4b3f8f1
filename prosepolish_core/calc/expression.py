"""What an alert rule computes: expressions over series, as data.

One tree is evaluated over instants here, and written as PromQL in promql.py.

A vector maps labels to one number per instant; NaN where nothing is known: no sample lately, or too little traffic.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..model.sample import Labels
from .courses import Flags, History, Numbers, Places, chosen, held, newest, place, quantiles_over

Vector = dict[Labels, Numbers]
#: A reading older than this says nothing about now, unless the metric is read less often.
STALE_S = 60.0


class Expression(Protocol):
    """One node of the tree."""

    def over(self, history: History, instants: Numbers) -> Vector:
        """One number per instant for each set of labels."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest reading of a gauge that is not older than `stale_s`.

    `where` picks series by their labels; a value may name several, `a|b`.
    """

    metric: str
    where: Labels = ()
    stale_s: float = STALE_S

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        return {c.labels: held(c, instants, self.stale_s) for c in chosen(history, self.metric, self.where)}


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
        places: dict[int, tuple[Places, Flags, Places]] = {}
        earlier = instants - self.over_s
        for course in chosen(history, self.metric, self.where):
            at = id(course.at)  # series of one source often share their instants: they are searched once
            if at not in places:
                places[at] = (*newest(course.at, instants, self.stale_s), place(course.at, earlier))
            now, known, before = places[at]
            found[course.labels] = np.where(known, course.value[now] - course.value[before], np.nan)
        return found


@dataclass(frozen=True, slots=True)
class Age:
    """Seconds since the newest reading of a metric; unknown before the first one."""

    metric: str
    where: Labels = ()

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        found: Vector = {}
        for course in chosen(history, self.metric, self.where):
            at, known = newest(course.at, instants, np.inf)
            found[course.labels] = np.where(known, instants - course.at[at], np.nan)
        return found


@dataclass(frozen=True, slots=True)
class Earlier:
    """An expression as it was `by_s` seconds before each instant."""

    of: Expression
    by_s: float

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        return self.of.over(history, instants - self.by_s)


@dataclass(frozen=True, slots=True)
class HistogramQuantile:
    """The q-quantile (0-1) of what a histogram observed in the `over_s` seconds before each instant.

    Its series are cumulative counts with the label `le`, the upper bound in seconds; see calc.quantiles.locate.
    """

    q: float
    metric: str
    over_s: float
    where: Labels = ()
    by: tuple[str, ...] = ("instance",)

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        summed = Total(Increase(self.metric, self.over_s, self.where), (*self.by, "le")).over(history, instants)
        histograms: dict[Labels, dict[float, Numbers]] = {}
        for labels, counts in summed.items():
            histograms.setdefault(_only(labels, self.by), {})[float(dict(labels)["le"])] = counts
        return {labels: quantiles_over(self.q, of) for labels, of in histograms.items()}


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


@dataclass(frozen=True, slots=True)
class Guarded:
    """An expression that counts only where another one is at least so much:
    a rate needs traffic before it says anything.

    Where there is less it is `otherwise`, unknown unless the rule knows better: without calls none can fail.
    """

    of: Expression
    enough: Expression
    at_least: float
    otherwise: float = float("nan")

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        enough = self.enough.over(history, instants)
        names = _names(enough)
        found: Vector = {}
        for labels, numbers in self.of.over(history, instants).items():
            amount = enough.get(_only(labels, names))
            if amount is not None:
                found[labels] = np.where(amount >= self.at_least, numbers, np.where(np.isnan(amount), np.nan, self.otherwise))
        return found


@dataclass(frozen=True, slots=True)
class OnlyWhere:
    """An expression of those instances alone whose newest string begins with one of these beginnings (or,
    with `but`, does not).
    """

    of: Expression
    text: str
    begins: tuple[str, ...]
    but: bool = False

    def over(self, history: History, instants: Numbers) -> Vector:
        """See Expression."""
        texts = history.texts(self.text)
        chosen = {instance for instance, text in texts.items() if text.startswith(self.begins) != self.but}
        return {labels: n for labels, n in self.of.over(history, instants).items() if dict(labels).get("instance") in chosen}


_SIGNS: dict[str, Callable[[Numbers, "Numbers | float"], Numbers]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}


def _only(labels: Labels, names: Sequence[str]) -> Labels:
    return tuple(pair for pair in labels if pair[0] in names)


def _names(vector: Vector) -> tuple[str, ...]:
    return tuple(sorted({name for labels in vector for name, _ in labels}))


def _added(group: list[Numbers]) -> Numbers:
    if len(group) == 1:
        return group[0]
    stacked = np.array(group)
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))


def _finite(numbers: Numbers) -> Numbers:
    return np.where(np.isfinite(numbers), numbers, np.nan)
