"""Pacing towards an upstream."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.drivers.pacing import Pacer


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    st.floats(0.1, 50),
    st.integers(1, 40),
    st.lists(st.floats(0, 5), min_size=1, max_size=200),
)
def test_no_window_admits_more_than_burst_and_rate_allow(per_s: float, burst: int, pauses: list[float]) -> None:
    """In every window of t seconds at most burst + t x rate calls go out, however the caller presses."""
    clock = Hand()
    pacer = Pacer(per_s, burst, clock)
    sent: list[float] = []
    for pause in pauses:
        clock.now += pause
        while pacer.take() == 0.0:
            sent.append(clock.now)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + (sent[last] - sent[first]) * per_s + 1e-6


@given(st.floats(0.1, 50), st.integers(1, 10))
def test_waiting_as_told_is_enough(per_s: float, burst: int) -> None:
    """After the seconds it named, the next call goes out."""
    clock = Hand()
    pacer = Pacer(per_s, burst, clock)
    while not (wait := pacer.take()):
        pass
    clock.now += wait + 1e-9
    assert pacer.take() == 0.0


def test_the_dictionary_s_own_pace_stays_below_450_in_five_minutes() -> None:
    """1.2 a second with a burst of 30 sends at most 390 requests in any five minutes."""
    from prosepolish_core.live.words.dictionary_api import BURST, PER_S

    assert BURST + 300 * PER_S <= 450


def test_retry_after_closes_and_a_shorter_one_never_opens_early() -> None:
    """While the upstream wants quiet nothing goes out, and the longest request counts."""
    clock = Hand()
    pacer = Pacer(1000, 1000, clock)
    pacer.stay_away(30)
    pacer.stay_away(5)
    assert pacer.take() == 30
    clock.now = 29.5
    assert pacer.take() == 0.5
    clock.now = 30
    assert pacer.take() == 0.0


def test_threads_share_one_bucket() -> None:
    """Twenty threads pressing at once get the burst and not one call more."""
    pacer = Pacer(0.001, 50)
    taken: list[float] = []
    threads = [threading.Thread(target=lambda: taken.extend(pacer.take() for _ in range(20))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(0.0) == 50


@pytest.mark.parametrize(("per_s", "burst"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_an_impossible_pace_is_refused(per_s: float, burst: int) -> None:
    """A rate or burst that admits nothing is a mistake, not a pace."""
    with pytest.raises(ValueError, match="pace"):
        Pacer(per_s, burst)
