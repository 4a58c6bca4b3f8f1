"""Tallies: counts add up in any order, and event names are bounded."""

from hypothesis import given, settings
from hypothesis import strategies as st

from prosepolish_core.model.outcome import Family, Outcome, Tier, TraceStep
from prosepolish_core.watch.counts.tally import MOST_EVENTS, Tally

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


def test_waiting_for_another_caller_is_no_time_of_redis() -> None:
    """Such a step is an answer with no place in the histogram; the wait has a total of its own."""
    tally = Tally()
    tally.fold([(Family.DICTIONARY, (TraceStep(Tier.REDIS, Outcome.HIT, 0.0, 1.6, (), "coalesced"),))])
    tally.fold([(Family.DICTIONARY, Tier.REDIS, Outcome.HIT, 0.0004)])
    tally.fold([(Family.DICTIONARY, (TraceStep(Tier.REDIS, Outcome.TIMEOUT, 0.0, 3.0, (), "deadline"),))])
    hits = tally.lookups[Family.DICTIONARY, Tier.REDIS, Outcome.HIT]
    assert (hits.steps, hits.answers, sum(hits.counts), hits.sum_s) == (2, 2, 1, 0.0004)
    late = tally.lookups[Family.DICTIONARY, Tier.REDIS, Outcome.TIMEOUT]
    assert (late.steps, sum(late.counts), late.sum_s) == (1, 0, 0.0)
    assert tally.events == {"coalesced": 2, "coalesced_ms": 4600}


def test_a_tier_that_was_not_asked_took_no_time() -> None:
    """With its breaker open a tier is passed over in microseconds: a failure that is counted, not a fast call."""
    tally = Tally()
    trace = (
        TraceStep(Tier.REDIS, Outcome.ERROR, 0.0, 2e-6, (), "breaker_open"),
        TraceStep(Tier.DICTIONARY_API, Outcome.REFUSED, 0.0, 3e-6, (), "paced"),
        TraceStep(Tier.GEMINI, Outcome.HIT, 0.0, 1.2),
    )
    tally.fold([(Family.DICTIONARY, trace)])
    assert {key[1]: (c.steps, sum(c.counts)) for key, c in tally.lookups.items()} == {
        Tier.REDIS: (1, 0),
        Tier.DICTIONARY_API: (1, 0),
        Tier.GEMINI: (1, 1),
    }


def test_event_names_are_bounded() -> None:
    """Too many event names are counted together, none is lost."""
    tally = Tally()
    for number in range(MOST_EVENTS + 50):
        tally.count(f"event_{number}", 1)
    assert sum(tally.events.values()) == MOST_EVENTS + 50
    assert tally.events["other_events"] == 50
