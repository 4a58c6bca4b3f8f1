"""Packing is exact, for any numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.watch.series.packing import base_of, decimals, join, split

odd = st.one_of(
    st.floats(allow_infinity=True, allow_nan=True).filter(lambda v: v != float("-inf")),
    st.integers(-(2**53), 2**53).map(float),
    st.decimals(-(10**6), 10**6, places=2).map(float),
    st.sampled_from([0.0, 1.0, 1.02, 123456.789012, 2.0**31, -(2.0**31)]),
)


@given(st.lists(st.tuples(odd, odd), min_size=1, max_size=40))
def test_whatever_is_packed_comes_back(pairs: list[tuple[float, float]]) -> None:
    """A run's values survive a frame that was opened by other values."""
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    scale = decimals(first)
    base = base_of(first, scale)
    for values in (first, second):
        delta, full = split(values, base, scale)
        back = join(delta.astype(float), np.where(full, values, -np.inf), base, scale)
        np.testing.assert_array_equal(back, values)


@given(st.lists(st.integers(-(10**12), 10**12).map(float), min_size=1, max_size=40), st.integers(-(2**30), 2**30))
def test_whole_numbers_near_the_frame_stay_narrow(values: list[float], step: int) -> None:
    """Counters cost four bytes, and nothing at all when they did not move."""
    first = np.array(values)
    scale = decimals(first)
    delta, full = split(first + step, base_of(first, scale), scale)
    assert not full.any()
    assert (delta == step).all()


def test_decimals_as_servers_print_them_are_narrow() -> None:
    """Ratios with two and CPU seconds with six places are whole numbers of their scale."""
    first, second = np.array([1.02, 12.345678]), np.array([1.37, 12.845679])
    scale = decimals(first)
    assert scale.tolist() == [1e2, 1e6]
    assert not split(second, base_of(first, scale), scale)[1].any()
