"""An SDK loaded once, beside its first caller."""

import threading
import traceback

import pytest

from prosepolish_core.live.llm.lazy_sdk import LazySdk


def test_a_caller_waits_no_longer_than_its_deadline() -> None:
    """The first caller goes away empty-handed in time; the loading goes on and serves the next one."""
    gate, loads = threading.Event(), []

    def load() -> str:
        gate.wait(5)
        loads.append(1)
        return "sdk"

    sdk = LazySdk(load)
    assert sdk.get(0.01) is None
    gate.set()
    assert sdk.get(5.0) == "sdk"
    assert sdk.get(0.0) == "sdk"
    assert loads == [1]


def test_what_the_loading_raised_every_caller_hears() -> None:
    """A missing package is an ImportError for everybody, not a hang."""

    def load() -> None:
        raise ImportError("no such package")

    sdk = LazySdk(load)
    for _ in range(2):
        with pytest.raises(ImportError, match="no such package"):
            sdk.get(5.0)


def test_a_fault_heard_often_does_not_grow() -> None:
    """The exception holds the frames of its last caller, not of all that ever asked."""

    def load() -> None:
        raise ImportError("no such package")

    sdk, lengths = LazySdk(load), []
    for _ in range(20):
        with pytest.raises(ImportError) as caught:
            sdk.get(5.0)
        lengths.append(len(list(traceback.walk_tb(caught.value.__traceback__))))
    assert len(set(lengths)) == 1
