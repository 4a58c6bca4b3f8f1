"""Scripted faults."""

import pytest

from demo.standins.faults import Fault, FaultKind, FaultScript
from prosepolish_core.errors import InvalidInput


def test_a_fault_with_times_is_used_up() -> None:
    """After its last time it is gone, and the next one is used."""
    script = FaultScript()
    script.add(Fault(FaultKind.RESET, times=2))
    script.add(Fault(FaultKind.STATUS))

    kinds = [fault.kind for fault in (script.take("x"), script.take("x"), script.take("x")) if fault]

    assert kinds == [FaultKind.RESET, FaultKind.RESET, FaultKind.STATUS]


def test_a_fault_may_be_meant_for_some_requests_only() -> None:
    """Only requests that contain its match suffer it."""
    script = FaultScript()
    script.add(Fault(FaultKind.HANG, match="cat"))

    assert script.take("dog") is None
    assert script.take("wildcat") == Fault(FaultKind.HANG, match="cat")
    script.clear()
    assert script.take("cat") is None


def test_a_share_of_requests_suffers() -> None:
    """With a share of a half, about half of a thousand requests are spoilt; the seed decides which."""
    script, again = FaultScript(seed=3), FaultScript(seed=3)
    for one in (script, again):
        one.add(Fault(FaultKind.STATUS, share=0.5))

    hits = [script.take("") is not None for _ in range(1000)]

    assert 400 < sum(hits) < 600
    assert hits == [again.take("") is not None for _ in range(1000)]


@pytest.mark.parametrize("data", [{}, {"kind": "earthquake"}, {"kind": "slow", "share": 2}, {"kind": "slow", "colour": 1}])
def test_a_fault_that_means_nothing_is_refused(data: dict[str, object]) -> None:
    """What cannot be read is a clear error."""
    with pytest.raises(InvalidInput):
        Fault.from_json(data)
