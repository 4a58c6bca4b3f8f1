"""What the evidence says by itself: probes that write, calls that were made, readings that arrive."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.evidence import NO_CALLS, TOLD_LATE_S, TierEvidence, collectors, own_server, upstream
from prosepolish_core.model.series import Pulse
from prosepolish_core.model.standing import Calls, Probed, State

NOW = 1_800_000_000.0
LONG_AGO = NOW - 10 * TOLD_LATE_S


def probed(state: State = State.UP, *, at: float = NOW, reached: bool = True) -> Probed:
    """What asking Gemini found."""
    return Probed("gemini", state, f"It is {state}.", "", (0.001,), at, reached)


def calls(answered: int, errors: int, *, ago: float = 1.0, refused: int = 0) -> TierEvidence:
    """Calls that were counted some seconds ago."""
    found = Calls(answered, refused, 0, errors, NOW - ago)
    return TierEvidence(found, found, NOW - ago if found.failed else None)


@pytest.mark.parametrize(
    ("made", "probe", "state"),
    [
        (calls(20, 0), probed(), State.UP),
        (calls(0, 20), probed(at=NOW - 30), State.DOWN),
        (calls(0, 0, refused=20), probed(at=NOW - 30), State.DOWN),
        (calls(15, 5), probed(), State.DEGRADED),
        (calls(100, 1), probed(), State.UP),
        (calls(0, 1), probed(at=NOW - 30), State.DEGRADED),
        (calls(0, 1), probed(State.DOWN), State.DOWN),
        (calls(20, 0), probed(State.DOWN, at=NOW - 30), State.UP),
        (calls(20, 0), probed(State.DOWN, reached=False), State.DOWN),
        (calls(20, 0), probed(State.DEGRADED), State.DEGRADED),
        (calls(0, 20, ago=30), probed(), State.UP),
        (calls(20, 0, ago=30), probed(State.DOWN), State.DOWN),
        (NO_CALLS, probed(State.DOWN), State.DOWN),
        (NO_CALLS, probed(), State.UP),
    ],
)
def test_an_upstream_is_judged_by_its_calls_and_by_a_question_where_nobody_calls(
    made: TierEvidence, probe: Probed, state: State
) -> None:
    """The newest evidence counts; an answer to our question does not outweigh calls that fail now."""
    assert upstream(probe, made, NOW).state is state


def test_what_failed_is_told_with_its_numbers() -> None:
    """Who reads it wants to know how many, and of how many."""
    assert upstream(probed(at=NOW - 30), calls(3, 2), NOW).reason == "Gemini fails: of the newest 5 calls 2 failed."


@given(st.sampled_from(State), st.integers(0, 50), st.integers(0, 50), st.booleans())
def test_calls_never_make_a_server_of_ours_better_than_its_probe(state: State, answered: int, errors: int, settled: bool) -> None:
    """A probe that cannot write is right, however many reads were answered."""
    found = own_server(probed(state), calls(answered, errors), LONG_AGO if settled else NOW, NOW)
    assert found.state.rank >= state.rank


def test_calls_that_failed_before_a_server_came_back_do_not_count_against_it() -> None:
    """They are told some seconds late."""
    assert own_server(probed(), calls(0, 50), NOW - 2, NOW).state is State.UP
    assert own_server(probed(), calls(0, 50), LONG_AGO, NOW).state is State.DEGRADED


def pulse(source: str, ago: float, outcome: str = "ok", detail: str = "") -> Pulse:
    """The newest run against a source."""
    return Pulse("redis_info", source, datetime.fromtimestamp(NOW - ago, UTC), outcome, detail, 2.0)


def test_collectors_are_judged_by_the_readings_that_arrive() -> None:
    """On time; not on time, since the last one; never; or not to be known."""
    assert collectors([pulse("cache", 1)], frozenset(), NOW).state is State.UP
    stopped = collectors([pulse("cache", 60), pulse("state", 50)], frozenset(), NOW)
    assert (stopped.state, stopped.began) == (State.DOWN, NOW - 50)
    assert collectors([], frozenset(), NOW).state is State.UNKNOWN
    assert collectors(None, frozenset(), NOW).state is State.UNKNOWN


def test_a_server_that_is_away_is_not_the_collectors_fault() -> None:
    """They are degraded by what they cannot read although it is there."""
    pulses = [pulse("cache", 1, "error", "refused"), pulse("state", 1)]
    assert collectors(pulses, frozenset({"cache"}), NOW).state is State.UP
    failing = collectors(pulses, frozenset(), NOW)
    assert (failing.state, failing.reason) == (State.DEGRADED, "They run, but cannot read cache (refused).")


def test_readings_that_cannot_be_written_are_not_the_collectors_fault() -> None:
    """While PostgreSQL takes no writes, and a moment longer, they wait on the collectors' disk."""
    late = [pulse("cache", 60)]
    assert collectors(late, frozenset(), NOW, NOW - 2).state is State.UNKNOWN
    assert collectors(late, frozenset(), NOW, NOW - 60).state is State.DOWN
