"""Spans of roll-ups: packing is exact, and cells keep what they add up to."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.buckets import CounterCells, GaugeCells, Grid, bucket_gauges, bucket_increases, cut
from prosepolish_core.calc.spans import counter_cells, gauge_cells, pack, span_of_counters, span_of_gauges, unpack

GRID = Grid(6000.0, 60.0, 10)
times = st.lists(st.integers(6000, 6599), min_size=1, max_size=60, unique=True).map(sorted)
numbers = st.one_of(st.floats(-1e12, 1e12), st.integers(0, 2**40).map(float), st.just(0.1))


@given(times, st.data())
def test_gauges_survive_packing_and_agree_with_the_samples(at: list[int], data: st.DataObject) -> None:
    """Last, low and high are exact, the mean agrees, in every bucket."""
    values = np.array([data.draw(numbers) for _ in at])
    cells = GaugeCells.of_samples(np.array(at, dtype=float), values)
    span = span_of_gauges(cells, GRID)
    packed = pack(span)
    steps = np.zeros((4, GRID.size)) if packed.steps is None else packed.steps
    if packed.narrow:
        steps = steps.astype(np.float32).astype(float)
    back = unpack(packed.base, steps, span.count)
    some = span.count > 0
    np.testing.assert_array_equal(back[:3, some], span.steps[:3, some])
    np.testing.assert_allclose(back[3, some], span.steps[3, some], rtol=1e-9, atol=1e-2)
    for mine, theirs in zip(bucket_gauges(gauge_cells(span, GRID), GRID), bucket_gauges(cells, GRID), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


@given(times, st.data())
def test_increases_add_up_through_spans_and_any_buckets(at: list[int], data: st.DataObject) -> None:
    """Not one count is lost or made on the way from cells to steps to buckets of any width."""
    ends = np.array(at, dtype=float) + 1.0
    increase = np.array([float(data.draw(st.integers(0, 10**9))) for _ in at])
    cells = CounterCells(ends, increase, np.diff(ends, prepend=6000.0))
    span = span_of_counters(cells, GRID)
    again = cut(counter_cells(span, GRID), 0.0, 1e9)
    width = data.draw(st.sampled_from([60.0, 120.0, 300.0, 600.0]))
    found, covered = bucket_increases(again, Grid(6000.0, width, int(np.ceil(600 / width))))
    np.testing.assert_allclose(np.nansum(found), increase.sum(), rtol=1e-9)
    np.testing.assert_allclose(covered.sum(), cells.covered.sum(), rtol=1e-9)


def test_a_window_that_starts_in_a_gap_counts_its_share() -> None:
    """Half of a gap lies in the window: half of what happened in it is counted."""
    cells = CounterCells(np.array([1000.0, 1600.0]), np.array([7.0, 600.0]), np.array([10.0, 600.0]))
    kept = cut(cells, 1300.0, 2000.0)
    assert kept.increase.tolist() == [300.0]
    assert kept.covered.tolist() == [300.0]
