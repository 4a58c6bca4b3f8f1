"""The judge: quick to fall, slow to rise, `since` moves with the state alone, and missing evidence improves nothing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.standing import CALM_S, CONTINUED_S, FLAPS, RISE_S, Evidence, judge
from prosepolish_core.model.standing import Standing, State

NOW = 1_800_000_000.0
#: What looks find, and the seconds between them.
COURSES = st.lists(st.tuples(st.sampled_from(State), st.floats(0.5, 5.0)), min_size=1, max_size=40)


def looked(found: State, before: Standing | None, now: float) -> Standing:
    """One look that finds this state."""
    return judge(before, Evidence("redis", found, f"It is {found}."), now)


def course(states: list[tuple[State, float]]) -> list[tuple[State, Standing]]:
    """What each look found and what was judged."""
    now, standing, told = NOW, None, []
    for found, later in states:
        now += later
        standing = looked(found, standing, now)
        told.append((found, standing))
    return told


@given(COURSES)
def test_since_moves_only_with_the_state(states: list[tuple[State, float]]) -> None:
    """And then it is the instant of the look that found the change, so it never runs backwards."""
    told = [standing for _, standing in course(states)]
    for before, after in pairwise(told):
        assert after.since == before.since if after.state is before.state else after.since > before.since


@given(COURSES)
def test_a_fault_is_told_at_once(states: list[tuple[State, float]]) -> None:
    """What is found worse than it stood counts with the same look."""
    for found, standing in course(states):
        if found.amiss:
            assert standing.state.rank >= found.rank


@given(COURSES)
def test_nothing_is_called_well_before_it_has_been_well_for_a_while(states: list[tuple[State, float]]) -> None:
    """Up after a fault needs looks that found it up for RISE_S, without a fault between them."""
    now, well_since, standing, faulty = NOW, None, None, False
    for found, later in states:
        now += later
        standing = looked(found, standing, now)
        faulty = faulty or found.amiss
        well_since = (well_since or now) if found is State.UP else None
        if standing.state is State.UP and faulty:
            assert well_since is not None
            assert now - well_since >= RISE_S
            faulty = False


@given(COURSES, st.sets(st.integers(0, 39)))
def test_missing_evidence_never_improves_anything(states: list[tuple[State, float]], missing: set[int]) -> None:
    """Whatever a look might have found: without it the standing is no better than it was before, nor than unknown."""
    now, standing = NOW, None
    for number, (found, later) in enumerate(states):
        now += later
        before = standing
        standing = looked(State.UNKNOWN if number in missing else found, standing, now)
        if number in missing:
            assert standing.state.rank >= State.UNKNOWN.rank
            assert before is None or standing.state.rank >= before.state.rank


def test_what_was_down_stays_down_while_nobody_can_see_it_however_long() -> None:
    """The age of the evidence says that it is old."""
    down = looked(State.DOWN, None, NOW)
    later = looked(State.UNKNOWN, down, NOW + 10 * CONTINUED_S)
    assert (later.state, later.since, later.seen_at) == (State.DOWN, NOW, NOW)


def test_what_flaps_is_degraded_until_it_has_been_calm() -> None:
    """Three falls within five minutes: it answers now, and nobody should call that well yet."""
    now, standing = NOW, looked(State.UP, None, NOW)
    for _ in range(FLAPS):
        for found in (State.DOWN, State.UP, State.UP):
            now += 2.0
            standing = looked(found, standing, now)
    assert standing.state is State.DEGRADED
    assert f"failed {FLAPS} times" in standing.reason
    began = standing.since
    while standing.state is State.DEGRADED:
        now += 2.0
        standing = looked(State.UP, standing, now)
    assert (standing.state, now - began >= CALM_S - 4.0) == (State.UP, True)


def test_trouble_that_is_over_is_remembered_whole() -> None:
    """From the first look that was not well to the first that was, by the worst of all between."""
    standing = looked(State.UP, None, NOW)
    course_of = (State.DEGRADED, State.DOWN, State.DEGRADED, State.DEGRADED, State.UP, State.UP)
    for looks, found in enumerate(course_of, start=1):
        standing = looked(found, standing, NOW + 2 * looks)
    assert standing.past is not None
    assert standing.past[:3] == (NOW + 2, NOW + 12, State.DOWN)
    assert standing.onset is None


def test_who_asks_only_once_believes_what_was_answered() -> None:
    """Without damping a better answer counts at once."""
    down = looked(State.DOWN, None, NOW)
    assert judge(down, Evidence("redis", State.UP, "Well."), NOW + 1, damped=False).state is State.UP
