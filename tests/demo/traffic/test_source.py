"""The clock of the traffic."""

import threading
import time
from collections.abc import Callable

import pytest

from demo.lexicon import lexicon
from demo.traffic import source
from demo.traffic.actions import ACTIONS, Scene
from demo.traffic.source import Traffic
from prosepolish_core import Config, Core
from prosepolish_core.errors import LookupUnavailable


def traffic(rate: float, seed: int = 1) -> Traffic:
    """Traffic on a core that is never reached: the jobs are replaced by the tests."""
    return Traffic(Core(Config.from_env({})), Scene(lexicon(), seed), rate, seed)


def run(one: Traffic, seconds: float) -> dict[str, int]:
    """Let it run for a moment; what it told."""
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.start()
    one.run(stop)
    timer.join()
    return one.told()


def with_job(monkeypatch: pytest.MonkeyPatch, job: Callable[[Core], None]) -> None:
    """Every action does this instead."""
    monkeypatch.setattr(source, "ACTIONS", tuple(action._replace(prepare=lambda _scene: job) for action in ACTIONS))


class Clock(threading.Event):
    """Time that passes only while somebody waits and no call is under way; set after so many seconds of it."""

    def __init__(self, seconds: float, one: Traffic) -> None:
        super().__init__()
        self.now, self.end, self.one = 0.0, seconds, one

    def wait(self, timeout: float | None = None) -> bool:
        """Let the time pass."""
        while self.one._under_way:
            time.sleep(0.0005)
        self.now += timeout or 0.0
        return self.now >= self.end


def test_the_rate_is_lookups_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a hundred seconds about as many calls are made as the rate and the table's shares say."""
    with_job(monkeypatch, lambda _core: None)
    one = traffic(5)
    clock = Clock(100.0, one)

    one.run(clock, lambda: clock.now)

    expected = 100 * 5 * sum(action.per_lookup for action in ACTIONS)
    assert sum(one.told().values()) == pytest.approx(expected, rel=0.1)


def test_what_goes_wrong_is_counted_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage is counted under its name, a mistake of ours as failed."""
    turns = iter(range(1_000_000))

    def job(_core: Core) -> None:
        if next(turns) % 2:
            raise LookupUnavailable("nobody")
        raise RuntimeError("ours")

    with_job(monkeypatch, job)

    told = run(traffic(200), 0.4)

    assert told["LookupUnavailable"] > 5
    assert told["failed"] > 5


def test_a_slow_upstream_makes_it_skip_and_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every call hanging, no more than the bound are under way, the rest is skipped, and it stops all the same."""
    released = threading.Event()
    with_job(monkeypatch, lambda _core: released.wait(20) and None)
    one = traffic(1000)

    told = run(one, 0.6)

    assert told["skipped"] > 0
    assert one._under_way <= source.MOST_UNDER_WAY
    released.set()
