"""A slice of benchmarks/alert_proofs: a sender that is killed again and again, and a receiver that fails."""

import pytest

from benchmarks.alert_proofs.telling_campaign import lane


@pytest.mark.live
def test_no_message_is_lost_and_a_repetition_says_so() -> None:
    """Every outage of the script is told when it begins and when it is over."""
    found = lane(seed=5, kills=10)

    assert (found.lost, found.unmarked) == (0, 0)
    assert found.arrived >= found.owed
