"""What the script's reply becomes."""

import struct

import pytest

from prosepolish_core.live.limits.wire import decide, plan
from prosepolish_core.model.limit import Decision, Limit, LimitState


@pytest.mark.parametrize("numbers", [(3, 0, 7), (10, 5_000, 7)])
@pytest.mark.parametrize("algorithm", ["log", "gcra", "window"])
def test_a_decision_has_every_field_its_type_has(algorithm: str, numbers: tuple[int, int, int]) -> None:
    """They are built without the types' own constructors, which would refuse a missing field."""
    limits = plan([Limit(10, 60, algorithm)], 1)
    said = decide(limits, limits.shape.pack(numbers[1] == 0, 1_000_000, *numbers))

    assert Decision(*said) == said
    assert len(said) == len(Decision._fields)
    assert [len(state) for state in said.states] == [len(LimitState._fields)]


def test_numbers_that_do_not_fit_the_limits_are_refused() -> None:
    """A remembered reply of another shape is no answer."""
    other = plan([Limit(10, 60), Limit(20, 60)], 1)
    with pytest.raises(struct.error):
        decide(plan([Limit(10, 60)], 1), other.shape.pack(2, 1_000_000, 1, 0, 7, 1, 0, 7))
