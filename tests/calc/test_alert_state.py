"""calc/alert_state.py: held before it fires, cleared at its own level, silent about what is unknown."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.alert_state import Threshold, step
from prosepolish_core.model.alert import AlertState, Held, NoData
from prosepolish_core.model.health import Level

FIRING, PENDING, INACTIVE = AlertState.FIRING, AlertState.PENDING, AlertState.INACTIVE
T = Threshold(Level.WARNING, fire=0.8, clear=0.7, hold_s=30.0, clear_s=20.0)
values = st.lists(st.one_of(st.none(), st.sampled_from([0.5, 0.7, 0.75, 0.8, 0.81, 0.9])), max_size=60)


def course(threshold: Threshold, values_: Sequence[float | None], every_s: float = 10.0) -> list[Held]:
    """The state after each value, read at an even pace."""
    held, found = Held(), []
    for i, value in enumerate(values_):
        held = step(held, threshold, value, i * every_s)
        found.append(held)
    return found


@given(values)
def test_nothing_fires_that_was_not_beyond_for_the_whole_hold(read: list[float | None]) -> None:
    """Every beginning of firing is preceded by `hold_s` of values beyond the level, without a gap."""
    found = course(T, read)
    for i, held in enumerate(found):
        if held.state is FIRING and (i == 0 or found[i - 1].state is not FIRING):
            assert all(v is not None and v > 0.8 for v in read[i - 3 : i + 1])
            assert i >= 3


@given(values)
def test_a_firing_alert_ends_only_after_the_clear_level_was_held(read: list[float | None]) -> None:
    """A value between the two levels, or one that is unknown, begins the clearing anew."""
    found = course(T, read)
    for i in range(1, len(found)):
        if found[i - 1].state is FIRING and found[i].state is not FIRING:
            assert all(v is not None and v <= 0.7 for v in read[i - 2 : i + 1])


@given(values)
def test_a_value_between_the_levels_keeps_neither_pending_nor_firing_from_its_way(read: list[float | None]) -> None:
    """The clear level is for firing alerts: a pending one falls back at once."""
    found = course(T, read)
    for i in range(1, len(found)):
        if found[i - 1].state is PENDING and read[i] in {0.75, 0.8}:
            assert found[i].state is INACTIVE


def test_since_is_when_the_condition_was_first_seen() -> None:
    """Not when its hold was over: a person asks since when it is so."""
    assert course(T, [0.5, 0.9, 0.9, 0.9, 0.9])[-1] == Held(FIRING, Level.WARNING, 10.0, None, 0.9)


def test_a_hold_of_nothing_fires_at_the_first_look() -> None:
    """Critical facts are not waited for."""
    at_once = Threshold(Level.CRITICAL, 0.0, 0.0, hold_s=0.0, clear_s=0.0)

    assert [h.state for h in course(at_once, [0.0, 1.0, 0.0])] == [INACTIVE, FIRING, INACTIVE]


def test_falling_rules_fire_below_their_level() -> None:
    """A hit rate is bad when it is low."""
    falling = Threshold(Level.WARNING, fire=0.85, clear=0.88, hold_s=0.0, clear_s=0.0, falling=True)

    assert [h.state for h in course(falling, [0.9, 0.84, 0.86, 0.88])] == [INACTIVE, FIRING, FIRING, INACTIVE]


def test_no_data_holds_fires_or_clears_as_the_rule_says() -> None:
    """A firing alert over which nothing is known stays; other rules choose."""
    for no_data, expected in ((NoData.HOLD, FIRING), (NoData.FIRE, FIRING), (NoData.CLEAR, INACTIVE)):
        at_once = Threshold(Level.WARNING, 0.8, 0.7, 0.0, 0.0, no_data=no_data)
        assert course(at_once, [0.9, None])[-1].state is expected
    fires = Threshold(Level.WARNING, 0.8, 0.7, 0.0, 0.0, no_data=NoData.FIRE)
    assert course(fires, [None])[-1].state is FIRING
