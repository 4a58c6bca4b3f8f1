"""Percentiles of cumulative histograms."""

from datetime import UTC, datetime
from itertools import pairwise
from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.quantiles import locate, merge, quantile
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.counts import LatencyBuckets

BOUNDS = (0.001, 0.002, 0.004, 0.008, 0.016, inf)
durations = st.lists(st.floats(0, 0.03), min_size=1, max_size=200)


def histogram(values: list[float]) -> LatencyBuckets:
    """A cumulative histogram of these durations."""
    counts = tuple(sum(v <= b for v in values) for b in BOUNDS)
    return LatencyBuckets("dict", "redis", datetime(2026, 1, 1, tzinfo=UTC), BOUNDS, counts, sum(values))


@given(durations, st.floats(0, 1))
def test_the_true_quantile_lies_in_the_reported_bucket(values: list[float], q: float) -> None:
    """The bucket holds the truth (low < true <= high), and the estimate is inside too."""
    true = float(np.quantile(values, q, method="inverted_cdf"))
    found = locate(BOUNDS, histogram(values).counts, q)
    assert found.low <= true <= found.high
    assert true > found.low or found.low == 0.0
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(
    ("q", "value"), [(0.05, 0.0005), (0.1, 0.001), (0.2, 0.0015), (0.5, 0.003), (0.8, 0.006), (0.95, 0.012), (1.0, 0.016)]
)
def test_the_estimate_lies_in_its_bucket_where_the_rank_lies_among_the_bucket_s_own_counts(q: float, value: float) -> None:
    """10, 20, 40, 20 and 10 observations: rank 50 is half-way through the 40 of the third bucket."""
    assert quantile(BOUNDS, (10, 30, 70, 90, 100, 100), q) == pytest.approx(value)


@given(durations)
def test_quantiles_never_fall_as_q_grows(values: list[float]) -> None:
    """p50 <= p95 <= p99."""
    counts = histogram(values).counts
    found = [quantile(BOUNDS, counts, q) for q in (0.0, 0.1, 0.5, 0.9, 0.95, 0.99, 1.0)]
    assert all(a <= b for a, b in pairwise(found))


@given(durations, durations)
def test_the_histogram_of_all_is_the_sum_of_the_histograms(first: list[float], second: list[float]) -> None:
    """Merging the windows of two processes, or of two spans of time, gives what one would have counted."""
    total = merge([histogram(first), histogram(second)])
    assert total is not None
    assert total.counts == histogram([*first, *second]).counts
    assert total.sum_s == pytest.approx(sum(first) + sum(second))


def test_nothing_observed_is_not_zero() -> None:
    """No calls, no percentile."""
    assert isnan(quantile(BOUNDS, (0,) * 6, 0.5))
    assert merge([]) is None


def test_beyond_the_last_bound_the_estimate_is_that_bound() -> None:
    """The open bucket says only: more than this."""
    assert locate(BOUNDS, histogram([1.0]).counts, 0.99) == (0.016, 0.016, inf)


def test_wrong_histograms_are_refused() -> None:
    """Lengths, bounds and q are checked."""
    for bounds, counts, q in (((1.0,), (1, 2), 0.5), ((), (), 0.5), ((1.0,), (1,), 1.5)):
        with pytest.raises(InvalidInput):
            quantile(bounds, counts, q)
    with pytest.raises(InvalidInput):
        merge([histogram([0.1]), histogram([0.1])._replace(bounds_s=(1.0,), counts=(1,))])
