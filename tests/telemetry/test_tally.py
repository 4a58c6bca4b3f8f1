"""Tallies: counts add up in any order, and event names are bounded."""

from hypothesis import given, settings
from hypothesis import strategies as st

from prosepolish_core.model.outcome import Family, Outcome, Tier
from prosepolish_core.telemetry.tally import MOST_EVENTS, Tally

calls = st.lists(
    st.tuples(st.sampled_from(Family), st.sampled_from(Tier), st.sampled_from(Outcome), st.integers(0, 1000).map(lambda n: n / 64))
)


@given(st.lists(calls, max_size=5))
@settings(max_examples=40)
def test_parts_add_up_to_the_whole(parts: list[list[tuple[Family, Tier, Outcome, float]]]) -> None:
    """Counting all at once and merging the counts of parts come to the same."""
    whole, merged = Tally(), Tally()
    whole.fold(call for part in parts for call in part)
    for part in parts:
        tally = Tally()
        tally.fold(part)
        merged.merge(tally)
    assert merged == whole
    assert sum(c.answers for c in whole.lookups.values()) == sum(len(part) for part in parts)
    assert all(sum(c.counts) == c.steps for c in whole.lookups.values())


def test_event_names_are_bounded() -> None:
    """Too many event names are counted together, none is lost."""
    tally = Tally()
    for number in range(MOST_EVENTS + 50):
        tally.count(f"event_{number}", 1)
    assert sum(tally.events.values()) == MOST_EVENTS + 50
    assert tally.events["other_events"] == 50
