"""What one dependency's standing tells."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.standing import Standing, State


@given(st.lists(st.floats(1e-6, 10), min_size=1, max_size=9), st.sampled_from(State))
def test_what_is_down_has_no_round_trip(pings_s: list[float], state: State) -> None:
    """The refusal of a closed port takes microseconds: no time may look better because nobody answers."""
    told = Standing("gemini", state, "Gemini is as it is.", "", 0.0, 1.0, pings_s=tuple(pings_s)).to_dict()
    times = (told["min_s"], told["median_s"], told["max_s"])
    assert times == ((None,) * 3 if state is State.DOWN else (min(pings_s), pytest.approx(median(pings_s)), max(pings_s)))
