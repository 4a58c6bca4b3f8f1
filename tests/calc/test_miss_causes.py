"""Causes of misses add up to the misses, and their changes to the change of the hit rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.miss_causes import MissCauses, causes, changes

COUNT = st.integers(0, 10_000)
KEYS = st.none() | st.floats(0, 1e6)


def any_causes() -> st.SearchStrategy[MissCauses]:
    """Counts as a store may give them: not always consistent."""
    return st.builds(
        lambda hits, misses, *rest: causes(hits + misses, misses, *rest), COUNT, COUNT, COUNT, COUNT, COUNT, KEYS, KEYS
    )


@given(any_causes(), any_causes())
def test_the_parts_of_a_change_add_up_to_the_change_of_the_hit_rate(now: MissCauses, then: MissCauses) -> None:
    """Whatever was counted; without a lookup there is no change to explain."""
    if now.ratio is None or then.ratio is None:
        assert changes(now, then) == {}
        return
    assert -sum(changes(now, then).values()) == pytest.approx(now.ratio - then.ratio, abs=1e-9)
    assert all(value >= 0 for value in now.causes.values())


@given(st.integers(1, 1000), st.integers(0, 1000), COUNT, COUNT, COUNT, KEYS, KEYS)
def test_causes_add_up_to_the_misses(
    hits: int, misses: int, waited: int, known: int, unknown: int, expired: float | None, evicted: float | None
) -> None:
    """None is counted twice, and none is lost."""
    found = causes(hits + misses, misses, waited, known, unknown, expired, evicted)
    assert sum(found.causes.values()) == pytest.approx(misses)


def test_each_cause_stands_in_its_own_place() -> None:
    """100 misses: 10 waited, 60 had been there (one of three evicted), 25 were new, 5 could not be asked."""
    found = causes(1000, 100, 10, 60, 25, expired=200, evicted=100)
    assert found == pytest.approx(MissCauses(1000, new=25, expired=40, evicted=20, gone=0, waited=10, unasked=5))
    assert causes(1000, 100, 10, 60, 25, None, None) == MissCauses(1000, new=25, gone=60, waited=10, unasked=5)
    assert found.ratio == pytest.approx(0.9)
