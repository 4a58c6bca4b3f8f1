"""The picture of how 100 lookups fall adds up."""

import pytest

from dashboard.charts.cascade import cascade
from dashboard.views import counts
from dashboard.views.cascade import falls
from tests.dashboard.rows import asked, took

ROWS = [
    asked("redis", "hit", 880), asked("redis", "negative_hit", 20), asked("redis", "miss", 100),
    asked("postgres", "hit", 70), asked("postgres", "miss", 30),
    asked("dictionary_api", "hit", 18), asked("dictionary_api", "negative_hit", 7, answers=4), asked("dictionary_api", "timeout", 5),
    asked("gemini", "hit", 6), asked("gemini", "negative_hit", 2),
]  # fmt: skip


def test_of_100_lookups_each_is_answered_once() -> None:
    """What the tiers answer adds up to 100; an absence that the next tier was asked about is not counted twice."""
    found = falls(counts.frame(ROWS), [took("redis", [0.001])])

    assert [round(f.answered, 6) for f in found] == [90, 7, 2.2, 0.8]
    assert [round(f.reached, 6) for f in found] == [100, 10, 3, 0.8]
    assert sum(f.answered for f in found) == pytest.approx(100)


def test_a_tier_that_was_not_asked_says_so() -> None:
    """It has no time and no price to show."""
    found = falls(counts.frame([asked("redis", "hit", 10)]), [took("redis", [0.001])])

    assert [f.note for f in found[1:]] == ["not asked"] * 3


def test_the_figure_draws_what_is_answered_and_what_is_passed_on() -> None:
    """Three bars per tier that together are what reached it; without a failure there are two."""
    assert len(cascade(falls(counts.frame([asked("redis", "hit", 10)]), [])).data) == 2
    found = falls(counts.frame(ROWS), [])
    answered, passed_on, failed = cascade(found).data

    assert list(failed.x) == pytest.approx([0, 0, 0.5, 0])
    assert "0.5 failed" in found[2].note
    assert [a + p + f for a, p, f in zip(answered.x, passed_on.x, failed.x, strict=True)] == pytest.approx(
        [f.reached for f in found]
    )
