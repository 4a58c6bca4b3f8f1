"""A short seeded slice of the race campaign (`make races` runs the long one)."""

import pytest

from benchmarks.races import PLANTED, run


def test_no_old_value_is_served_after_an_acknowledged_invalidation() -> None:
    """In 300 generated schedules of readers, writers, evictions, lost replies and late requests."""
    tally, guilty = run(77_000_000_000, 300)
    assert guilty == []
    assert tally.acknowledged > 200
    assert tally.reads > 1000


@pytest.mark.parametrize("fault", ["fills without a lease", "rows without a fence", "joiners take what they get"])
def test_the_campaign_finds_what_is_planted(fault: str) -> None:
    """A campaign that cannot see a broken lease, fence or flight would prove nothing."""
    assert fault in PLANTED
    _, guilty = run(1_000_000_000, 1000, fault)
    assert guilty


def test_a_schedule_replays_from_its_number() -> None:
    """The same number gives the same run, to the last count."""
    assert run(5, 20) == run(5, 20)
