"""The breaker before the LLM."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.llm.breaker import FAULTS, FIRST_S, LONGEST_S, Breaker


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def opened(clock: Hand) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker(clock)
    for _ in range(FAULTS):
        assert breaker.wait_s() == 0.0
        breaker.failed()
    return breaker


def test_it_opens_after_several_faults_in_a_row() -> None:
    """One fault fewer, or a success in between, leaves it closed."""
    breaker = Breaker(Hand())
    for _ in range(FAULTS - 1):
        breaker.failed()
    breaker.succeeded()
    for _ in range(FAULTS - 1):
        breaker.failed()
    assert breaker.wait_s() == 0.0
    breaker.failed()
    assert breaker.wait_s() == FIRST_S


def test_half_open_it_lets_one_through() -> None:
    """After its time one caller may try; the others wait for what comes of it."""
    clock = Hand()
    breaker = opened(clock)
    clock.now += FIRST_S
    assert breaker.wait_s() == 0.0
    assert breaker.wait_s() > 0
    breaker.succeeded()
    assert [breaker.wait_s() for _ in range(3)] == [0.0, 0.0, 0.0]


def test_each_failed_probe_doubles_the_pause_up_to_a_limit() -> None:
    """2 s, 4 s, 8 s … 60 s."""
    clock = Hand()
    breaker = opened(clock)
    pauses = []
    for _ in range(8):
        pauses.append(wait := breaker.wait_s())
        clock.now += wait
        assert breaker.wait_s() == 0.0
        breaker.failed()
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_S, LONGEST_S, LONGEST_S]


def test_a_probe_that_never_went_out_frees_the_place() -> None:
    """A probe that was held back by the pace lets the next caller be the probe."""
    clock = Hand()
    breaker = opened(clock)
    clock.now += FIRST_S
    assert breaker.wait_s() == 0.0
    breaker.undecided()
    assert breaker.wait_s() == 0.0


@given(st.lists(st.sampled_from(["ok", "bad", "none", "later"]), max_size=60))
def test_it_always_lets_somebody_through_in_the_end(events: list[str]) -> None:
    """After any history, and no call under way, waiting long enough is enough."""
    clock = Hand()
    breaker = Breaker(clock)
    for event in events:
        if event == "later":
            clock.now += 3.0
        elif breaker.wait_s() == 0.0:
            {"ok": breaker.succeeded, "bad": breaker.failed, "none": breaker.undecided}[event]()
    clock.now += LONGEST_S
    assert breaker.wait_s() == 0.0
