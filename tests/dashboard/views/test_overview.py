"""The Overview sums up the other views."""

import pytest

from dashboard.views import overview
from tests.dashboard.rows import WINDOW, Samples, Telemetry, asked, gauge, ledger, took


def test_headlines_are_the_numbers_of_the_other_pages() -> None:
    """Hit rate, throughput, memory and savings."""
    rows = [asked("redis", "hit", 90, ago=ago) for ago in range(20, 900, 10)] + [asked("redis", "miss", 880, ago=60)]
    telemetry = Telemetry(rows, [took("redis", [0.001] * 60)], [ledger("avoided", 3, "0.0015")])

    view = overview.build(Samples([gauge("used_memory", 1e6), gauge("maxmemory", 1e8)]), telemetry, WINDOW)

    assert view.hit_rate.value == pytest.approx(0.9)
    assert view.lookups.value == pytest.approx(9.0, rel=0.02)
    assert (view.memory.value, view.memory_limit) == (1e6, 1e8)
    assert str(view.avoided_usd) == "0.0015"
    assert view.falls[0].reached == 100


def test_an_empty_store_gives_headlines_without_values() -> None:
    """None, not zero: nothing was measured."""
    view = overview.build(Samples(), Telemetry(), WINDOW)

    assert view.hit_rate.value is view.lookups.value is view.memory.value is None
    assert view.falls == ()
