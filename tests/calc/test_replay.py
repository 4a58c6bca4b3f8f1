"""calc/replay.py: a whole course at once says what single looks say."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.alert_state import Threshold, step
from prosepolish_core.calc.replay import Firing, firings
from prosepolish_core.model.alert import AlertState, Held, NoData
from prosepolish_core.model.health import Level

VALUES = st.lists(st.sampled_from([0.0, 1.0, 2.0, float("nan")]), min_size=1, max_size=60)
GAPS = st.lists(st.sampled_from([5.0, 60.0]), min_size=60, max_size=60)


def look_by_look(threshold: Threshold, values: list[float], instants: list[float]) -> list[Firing]:
    """The firings that `step` gives, one look after the other."""
    held, found, place = Held(), list[Firing](), {at: n for n, at in enumerate(instants)}
    for n, (value, at) in enumerate(zip(values, instants, strict=True)):
        before, held = held, step(held, threshold, value, at)
        if before.state is not AlertState.FIRING and held.state is AlertState.FIRING:
            found.append(Firing(place[held.since], n, None))
        if before.state is AlertState.FIRING and held.state is not AlertState.FIRING:
            found[-1] = found[-1]._replace(ended=n)
    return found


@given(
    VALUES,
    GAPS,
    st.sampled_from([0.0, 5.0, 60.0, 120.0]),
    st.sampled_from([0.0, 10.0, 60.0]),
    st.booleans(),
    st.sampled_from(NoData),
)
def test_a_course_at_once_fires_where_single_looks_fire(
    values: list[float], gaps: list[float], hold_s: float, clear_s: float, falling: bool, no_data: NoData
) -> None:
    """Whatever the values, the holds, the direction and the meaning of unknown."""
    threshold = Threshold(Level.WARNING, 1.0, 1.0 if falling else 0.0, hold_s, clear_s, falling, no_data)
    instants = [1000.0 + sum(gaps[:n]) for n in range(len(values))]

    assert firings(threshold, np.array(values), np.array(instants)) == look_by_look(threshold, values, instants)


def test_a_condition_that_holds_its_time_fires_once_and_ends_once() -> None:
    """Since the condition began, fired after the hold, ended after the clear time."""
    threshold = Threshold(Level.WARNING, 1.0, 0.0, 60.0, 60.0)

    found = firings(threshold, np.array([0, 2, 2, 2, 1, 0, 2, 0, 0, 0], float), 60.0 * np.arange(10))

    assert found == [Firing(1, 2, 8)]
