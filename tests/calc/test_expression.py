"""calc/expression.py: what alert rules compute, against plain loops over the readings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.courses import Course
from prosepolish_core.calc.expression import (
    Age,
    Arithmetic,
    Earlier,
    Expression,
    Guarded,
    HistogramQuantile,
    Increase,
    Latest,
    OnlyWhere,
    Total,
)
from prosepolish_core.calc.quantiles import quantile

A, B = (("instance", "a"),), (("instance", "b"),)


@dataclass
class Readings:
    """Series given by hand."""

    series: dict[str, list[Course]]
    strings: dict[str, dict[str, str]] = field(default_factory=dict)

    def courses(self, metric: str) -> Sequence[Course]:
        """Those of the metric."""
        return self.series.get(metric, [])

    def texts(self, name: str) -> Mapping[str, str]:
        """Those of the name."""
        return self.strings.get(name, {})


def course(labels: tuple[tuple[str, str], ...], *readings: tuple[float, float]) -> Course:
    """A series of (instant, value) pairs."""
    at, value = zip(*readings, strict=True) if readings else ((), ())
    return Course(labels, np.array(at, float), np.array(value, float))


def at(expression: Expression, history: Readings, instant: float) -> dict[tuple[tuple[str, str], ...], float]:
    return {labels: float(numbers[0]) for labels, numbers in expression.over(history, np.array([instant])).items()}


times = st.lists(st.integers(0, 500), min_size=1, max_size=30, unique=True).map(sorted)


@given(times, st.integers(-10, 700), st.floats(1, 200))
def test_the_latest_is_the_newest_reading_unless_it_is_too_old(instants: list[int], now: int, stale_s: float) -> None:
    """The reading at or before the instant, NaN when there is none within `stale_s`."""
    history = Readings({"m": [course(A, *((float(t), float(t * t)) for t in instants))]})
    before = [t for t in instants if t <= now]
    expected = float(before[-1] ** 2) if before and now - before[-1] <= stale_s else nan

    found = at(Latest("m", stale_s=stale_s), history, now)[A]

    assert found == expected or (isnan(found) and isnan(expected))


@given(times, st.lists(st.integers(0, 9), min_size=30, max_size=30), st.integers(1, 300))
def test_an_increase_adds_up_what_came_inside_its_window(instants: list[int], steps: list[int], over_s: int) -> None:
    """The sum of the increases read in the window; the reading before it is where counting starts."""
    sums = np.cumsum([0, *steps[1 : len(instants)]])
    history = Readings({"c": [course(A, *zip(map(float, instants), map(float, sums), strict=True))]})
    now = instants[-1]
    expected = sum(step for t, step in list(zip(instants, steps, strict=False))[1:] if now - over_s < t <= now)

    assert at(Increase("c", over_s), history, now)[A] == expected


def test_labels_pick_one_value_or_several() -> None:
    """`a|b` picks both, a name that no series has picks none."""
    history = Readings({"m": [course((("k", k),), (1.0, i)) for i, k in enumerate("abc")]})

    assert set(at(Latest("m", (("k", "a|c"),)), history, 1.0)) == {(("k", "a"),), (("k", "c"),)}
    assert at(Latest("m", (("k", "x"),)), history, 1.0) == {}


def test_a_total_keeps_only_its_labels_and_is_unknown_where_all_parts_are() -> None:
    """Parts that are unknown add nothing; with no known part the sum is unknown, not zero."""
    parts = [course((("db", "0"), *A), (10.0, 3.0)), course((("db", "1"), *A), (100.0, 4.0)), course((("db", "0"), *B), (1.0, 9.0))]
    found = Total(Latest("m", stale_s=5.0)).over(Readings({"m": parts}), np.array([10.0, 100.0, 200.0]))

    assert found[A].tolist()[:2] == [3.0, 4.0]
    assert isnan(found[A][2])
    assert np.isnan(found[B]).all()


def test_both_sides_are_paired_by_the_labels_of_the_right() -> None:
    """A ratio per database of a total per instance; an instance without a partner is left out."""
    history = Readings(
        {"part": [course((("db", "0"), *A), (1.0, 3.0)), course((("db", "0"), *B), (1.0, 3.0))], "whole": [course(A, (1.0, 12.0))]}
    )

    assert at(Arithmetic(Latest("part"), "/", Latest("whole")), history, 1.0) == {(("db", "0"), *A): 0.25}


def test_a_division_by_zero_is_unknown() -> None:
    """Neither infinite nor zero: nothing is known of a share of nothing."""
    history = Readings({"m": [course(A, (1.0, 0.0))]})

    assert isnan(at(Arithmetic(Latest("m"), "/", Latest("m")), history, 1.0)[A])


def test_too_little_traffic_says_nothing() -> None:
    """Below the guard's minimum the value is unknown, at it the value counts."""
    history = Readings({"m": [course(A, (1.0, 0.5)), course(B, (1.0, 0.5))], "n": [course(A, (1.0, 9.0)), course(B, (1.0, 10.0))]})
    found = at(Guarded(Latest("m"), Latest("n"), 10.0), history, 1.0)

    assert isnan(found[A])
    assert found[B] == 0.5


def test_a_policy_picks_instances() -> None:
    """By the beginning of the newest string, or by its absence."""
    history = Readings({"m": [course(A, (1.0, 1.0)), course(B, (1.0, 2.0))]}, {"policy": {"a": "allkeys-lru", "b": "noeviction"}})

    assert at(OnlyWhere(Latest("m"), "policy", ("allkeys-",)), history, 1.0) == {A: 1.0}
    assert at(OnlyWhere(Latest("m"), "policy", ("allkeys-",), but=True), history, 1.0) == {B: 2.0}


def test_age_and_the_same_time_earlier() -> None:
    """How old the newest reading is, and an expression as it was."""
    history = Readings({"m": [course(A, (10.0, 1.0), (70.0, 2.0))]})

    assert at(Age("m"), history, 100.0)[A] == 30.0
    assert at(Earlier(Latest("m"), 60.0), history, 100.0)[A] == 1.0


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_quantile_over_time_is_that_of_its_histogram(counts: list[int], q: float) -> None:
    """The same number as calc/quantiles.py gives for the counts of the window."""
    bounds = [0.001, 0.01, 0.1, float("inf")]
    cumulative = np.cumsum(counts)
    series = [course((*A, ("le", str(bound))), (0.0, 0.0), (10.0, float(n))) for bound, n in zip(bounds, cumulative, strict=True)]
    found = at(HistogramQuantile(q, "h", 60.0), Readings({"h": series}), 10.0)[A]

    assert found == pytest.approx(quantile(bounds, [int(n) for n in cumulative], q), nan_ok=True)
