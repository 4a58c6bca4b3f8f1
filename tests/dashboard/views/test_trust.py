"""The trust line knows age, coverage and resets."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashboard.views.trust import of_counts, of_samples
from prosepolish_core.model.series import Coverage, Mark
from tests.dashboard.rows import NOW, WINDOW, at


def test_only_marks_after_which_counters_start_again_are_resets() -> None:
    """A deploy is a mark, not a reset."""
    marks = [Mark(at(60), kind, "") for kind in ("restart", "resetstat", "failover", "swap", "deploy", "gap", "note")]

    assert of_samples(Coverage(1.0, 1.0, 1), marks, "").resets == 4


def test_no_sample_at_all_is_stale() -> None:
    """Unknown age is never fresh."""
    assert of_samples(Coverage(0.0, None, 0), [], "").stale
    assert not of_samples(Coverage(1.0, 2.0, 9), [], "").stale


@given(st.lists(st.integers(0, 89), max_size=90))
def test_coverage_of_counts_is_the_share_of_filled_buckets(buckets: list[int]) -> None:
    """Between 0 and 1, and 1 only when every bucket holds a count."""
    instants = [WINDOW.start + timedelta(seconds=10 * n) for n in buckets]
    trust = of_counts(NOW if buckets else None, WINDOW, instants, "")

    if trust.coverage is None:
        assert not buckets
    else:
        assert 0 <= trust.coverage <= 1
