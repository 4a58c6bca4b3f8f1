"""Percentiles come from merged buckets: averaging them is not possible here."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.views import latency
from prosepolish_core.model.latency import BOUNDS_S
from tests.dashboard.rows import WINDOW, Samples, Telemetry, asked, took


def test_a_slow_minority_shows_in_the_merged_percentile() -> None:
    """95 fast calls in one bucket and 5 slow ones in another:
    the p99 is slow, the mean of both p99s would not be the truth.
    """
    rows = [took("redis", [0.001] * 95, ago=120), took("redis", [1.0] * 5, ago=60)]

    (spread,) = latency.spreads(rows)

    assert spread.calls == 100
    assert spread.p50 < 0.002
    assert spread.p99 > 0.7
    assert spread.mean == pytest.approx((0.095 + 5) / 100)


def test_families_are_merged_per_tier_and_told_apart_on_request() -> None:
    """One tier, two families: one row together, two rows apart."""
    rows = [took("redis", [0.001]), took("redis", [0.002], family="llm")]

    assert len(latency.spreads(rows)) == 1
    assert [s.family for s in latency.spreads(rows, by_family=True)] == ["dict", "llm"]


def test_tiers_are_listed_in_the_order_of_the_lookup() -> None:
    """Cheapest first, whatever the order of the rows."""
    rows = [took("gemini", [1.0]), took("postgres", [0.01]), took("redis", [0.001])]

    assert [s.tier for s in latency.spreads(rows)] == ["redis", "postgres", "gemini"]


def test_a_bucket_without_calls_is_not_drawn() -> None:
    """No calls, no percentile: not zero."""
    (line,) = latency.lines([took("redis", [0.001], ago=120), took("redis", [], ago=60)])

    assert len(line.ts) == 1
    assert not np.isnan(line.of["p95"]).any()


@given(st.lists(st.floats(1e-5, 20), min_size=1, max_size=60), st.lists(st.floats(1e-5, 20), max_size=60))
def test_percentiles_are_ordered_and_lie_near_the_truth(one: list[float], two: list[float]) -> None:
    """p50 ≤ p95 ≤ p99, and the largest time's bucket bounds them all."""
    (spread,) = latency.spreads([took("redis", one), took("redis", two, ago=30)])

    assert spread.p50 <= spread.p95 <= spread.p99
    assert spread.p99 <= next(bound for bound in BOUNDS_S if bound >= max(one + two))


def test_the_view_of_an_empty_store_is_empty() -> None:
    """Nothing counted: no rows, no lines."""
    view = latency.build(Samples(), Telemetry(), WINDOW)

    assert view.tiers == view.lines == view.families == ()


def test_coverage_says_how_much_of_the_window_holds_counts() -> None:
    """Half the buckets hold a count: the trust line says about half."""
    rows = [took("redis", [0.001], ago=ago) for ago in range(10, 460, 10)]
    view = latency.build(Samples(), Telemetry([asked("redis", "hit", 1, ago=10)], rows), WINDOW)

    assert view.trust.coverage == pytest.approx(0.5)


def test_calls_that_failed_are_told_beside_the_times_they_are_not_in() -> None:
    """A tier that is not asked any more takes no time, and looks fast."""
    counted = [asked("redis", "hit", 60), asked("redis", "error", 40), asked("redis", "hit", 100, family="llm")]
    timed = [took("redis", [0.001] * 60), took("redis", [0.001] * 100, family="llm")]

    view = latency.build(Samples(), Telemetry(counted, timed), WINDOW)

    assert [(s.tier, s.failing) for s in view.tiers] == [("redis", 0.2)]
    assert [(s.family, s.failing) for s in view.families] == [("dict", 0.4), ("llm", 0.0)]
    assert latency.told(view.tiers[0]) == "; 20.0 % failed"
