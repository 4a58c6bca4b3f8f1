"""Thinning for the screen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.downsample import thin
from prosepolish_core.errors import InvalidInput

T0 = np.datetime64("2026-01-01T00:00:00", "ms")


def every_10s(count: int) -> np.ndarray:
    """Instants 10 s apart."""
    return T0 + (np.arange(count) * 10_000).astype("timedelta64[ms]")


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=2000), st.integers(3, 200))
def test_ends_and_extremes_stay_and_the_size_is_bounded(numbers: list[float], points: int) -> None:
    """What is drawn has the same first, last, lowest and highest reading, all of them real ones, in order."""
    ts, values = every_10s(len(numbers)), np.array(numbers)
    kept_ts, kept = thin(ts, values, points)
    assert len(kept) <= max(points, 4) + 4
    assert (kept[0], kept[-1], kept.min(), kept.max()) == (values[0], values[-1], values.min(), values.max())
    assert (np.diff(kept_ts) > np.timedelta64(0)).all()
    assert set(zip(kept_ts.tolist(), kept, strict=True)) <= set(zip(ts.tolist(), values, strict=True))


def test_a_silence_is_a_gap() -> None:
    """Between two readings far apart stands a NaN, so that no line is drawn across."""
    ts = np.concatenate([every_10s(500), every_10s(500) + np.timedelta64(36_000_000, "ms")])
    kept_ts, kept = thin(ts, np.sin(np.arange(1000) / 10), 100)
    gaps = np.flatnonzero(np.isnan(kept))
    assert len(gaps) == 1
    assert kept_ts[gaps[0] - 1] == ts[499]
    assert kept_ts[gaps[0] + 1] == ts[500]


def test_nan_readings_are_gaps_and_nothing_stays_nothing() -> None:
    """NaN breaks the line; only NaN gives no points at all."""
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0])
    _, kept = thin(every_10s(5), values, 100)
    np.testing.assert_array_equal(kept, values)
    assert len(thin(every_10s(3), np.full(3, np.nan), 10)[0]) == 0


def test_wrong_arguments_are_refused() -> None:
    """Unequal lengths and too few points."""
    with pytest.raises(InvalidInput):
        thin(every_10s(2), np.zeros(3), 10)
    with pytest.raises(InvalidInput):
        thin(every_10s(2), np.zeros(2), 2)
