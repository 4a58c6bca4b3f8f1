"""Increases across resets, and the kinds of reset."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.counters import Reset, absent_is_zero, classify, increases, life_share

Steps = list[tuple[int, bool]]
steps = st.lists(st.tuples(st.integers(0, 10**9), st.booleans()), min_size=1, max_size=60)


@given(steps)
def test_what_is_counted_is_what_the_server_counted_since_the_last_reset_seen(history: Steps) -> None:
    """For any history of growth and resets: never negative, exact without resets, never more than the truth."""
    values, truth, value = [0.0], [0.0], 0
    for growth, reset in history:
        value = growth if reset else value + growth
        values.append(float(value))
        truth.append(float(growth))
    found = increases(np.array(values))
    assert (found >= 0).all()
    assert found.sum() <= sum(truth)
    if not any(reset for _, reset in history):
        np.testing.assert_array_equal(found, truth)


@given(steps)
def test_a_known_change_of_process_makes_the_count_exact(history: Steps) -> None:
    """When every reset is a restart inside its interval, nothing at all is missed,
    even if the counter passed its old value.
    """
    values, value = [0.0], 0
    for growth, reset in history:
        value = growth if reset else value + growth
        values.append(float(value))
    other = np.array([False, *(reset for _, reset in history)])
    share = life_share(np.full(len(values), 10.0), np.where(other, 5.0, 1e6))
    np.testing.assert_array_equal(increases(np.array(values), other, share), [0.0, *(float(g) for g, _ in history)])


def test_a_server_that_ran_elsewhere_for_long_counts_by_its_share() -> None:
    """A promoted replica with an hour of its own life does not dump that hour into one interval."""
    share = life_share(np.array([10.0, 10.0]), np.array([5.0, 3600.0]))
    found = increases(np.array([1000.0, 7200.0]), np.array([False, True]), share)
    np.testing.assert_allclose(found, [0.0, 20.0])


def test_without_an_age_the_fall_decides() -> None:
    """Another process of unknown age: a fall counts in full, a rise as a rise."""
    unknown = np.array([np.nan, np.nan])
    other = np.array([False, True])
    assert increases(np.array([100.0, 40.0]), other, unknown).tolist() == [0.0, 40.0]
    assert increases(np.array([100.0, 140.0]), other, unknown).tolist() == [0.0, 40.0]
    assert increases(np.array([])).tolist() == []


def test_an_absent_labelled_counter_is_zero_beside_a_sibling_only() -> None:
    """A run in which no sibling was read says nothing."""
    nan = np.nan
    found = absent_is_zero(np.array([[1.0, nan], [nan, nan], [2.0, 5.0]]))
    np.testing.assert_array_equal(found, [[1.0, 0.0], [nan, nan], [2.0, 5.0]])


A, B = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("before", "after", "more", "kind"),
    [
        ({"run_id": A}, {"run_id": A}, {"fell": False}, None),
        ({"run_id": A}, {"run_id": A}, {"fell": True, "uptime_before_s": 5, "uptime_after_s": 15}, Reset.RESETSTAT),
        ({"run_id": A}, {"run_id": B}, {"fell": True, "uptime_after_s": 3, "elapsed_s": 10}, Reset.RESTART),
        ({"run_id": A}, {"run_id": B}, {"fell": False, "uptime_after_s": 3, "elapsed_s": 10}, Reset.RESTART),
        ({"run_id": A}, {"run_id": B}, {"fell": True}, Reset.RESTART),
        ({"run_id": A}, {"run_id": B}, {"fell": True, "uptime_after_s": 900, "elapsed_s": 10}, Reset.SWAP),
        (
            {"run_id": A, "master_replid": "1" * 40},
            {"run_id": B, "master_replid": "2" * 40, "master_replid2": "1" * 40},
            {"fell": False, "uptime_after_s": 900, "elapsed_s": 10},
            Reset.FAILOVER,
        ),
        (
            {"run_id": A, "master_replid": "1" * 40, "master_replid2": "0" * 40},
            {"run_id": B, "master_replid": "2" * 40, "master_replid2": "0" * 40},
            {"fell": False, "uptime_after_s": 900, "elapsed_s": 10},
            Reset.SWAP,
        ),
        ({}, {}, {"fell": True, "uptime_before_s": 900, "uptime_after_s": 3}, Reset.RESTART),
        ({}, {}, {"fell": True}, Reset.RESETSTAT),
        ({}, {}, {"fell": False, "uptime_before_s": 900, "uptime_after_s": 910}, None),
    ],
)
def test_kinds_of_reset(before: dict[str, str], after: dict[str, str], more: dict[str, float], kind: Reset | None) -> None:
    """Each reset is told by run_id, uptime, replication history and whether counters fell."""
    assert classify(before, after, **more) == kind  # type: ignore[arg-type]
