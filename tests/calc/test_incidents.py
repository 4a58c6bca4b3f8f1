"""calc/incidents.py: one fault is one incident, two faults are two."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.incidents import REOPEN_S, SAME, TAKES_OVER, dependency, place
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import Incident


def incident(cause: str, began: float = 0.0, ended: float | None = None) -> Incident:
    """An incident of this cause."""
    return Incident(f"{began}-{cause}", cause, Level.CRITICAL, began, ended)


CAUSES = st.sampled_from(sorted({*SAME, *TAKES_OVER, "collectors", "other"}))


@given(CAUSES, CAUSES, st.floats(0, 10_000))
def test_a_fault_joins_an_open_incident_of_its_own_cause_only(cause: str, other: str, since: float) -> None:
    """Whatever else goes on at the same time."""
    found = place(cause, consequence=False, since=since, incidents=[incident(other, 0.0)])

    assert (found is not None) == (dependency(cause) == dependency(other))


def test_a_consequence_joins_the_fault_whose_work_it_took_over() -> None:
    """Redis is down: a slow PostgreSQL and a larger LLM bill are its consequences. The other way round they are not."""
    redis = [incident("cache", 100.0)]

    assert place("postgres", consequence=True, since=160.0, incidents=redis) == redis[0]
    assert place("gemini", consequence=True, since=160.0, incidents=redis) == redis[0]
    assert place("redis", consequence=True, since=160.0, incidents=[incident("gemini", 100.0)]) is None


def test_its_own_cause_goes_before_that_of_a_tier_above() -> None:
    """Both PostgreSQL and Redis have an incident: a slow PostgreSQL is its own."""
    both = [incident("redis", 0.0), incident("postgres", 5.0)]

    assert place("postgres", consequence=True, since=10.0, incidents=both) == both[1]


def test_what_flaps_is_one_incident() -> None:
    """An alert soon after the end joins again; later it begins a new one."""
    ended = [incident("redis", 0.0, ended=100.0)]

    assert place("redis", consequence=False, since=100.0 + REOPEN_S, incidents=ended) == ended[0]
    assert place("redis", consequence=False, since=101.0 + REOPEN_S, incidents=ended) is None
