"""What happens to a server between two runs is told once, in words, and only then."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.series import MARK_KINDS
from prosepolish_core.watch.series.mark_detectors import (
    CLIENTS,
    EVICTED,
    FLUSHALL,
    LEASES,
    MAXMEMORY,
    QUIET,
    UPTIME,
    WATCHED,
    Finding,
    Key,
    Seen,
    findings,
    followed,
)

T0 = datetime(2026, 11, 20, 3, tzinfo=UTC)
STATE = {"run_id": "a", "version": "8.0.1", "role": "master", "maxmemory_policy": "allkeys-lru"}


def seen(tick: int, numbers: dict[Key, float] | None = None, **state: str) -> Seen:
    """A run of one server at second `tick`."""
    watched = {UPTIME: 5000.0 + tick, CLIENTS: 10.0, MAXMEMORY: 100.0} | (numbers or {})
    return Seen(tick, T0 + timedelta(seconds=tick), None, np.empty(0), STATE | state, watched)


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (seen(10), []),
        (seen(10, {FLUSHALL: 1.0}), [("flush", "cache: FLUSHALL removed every key")]),
        (seen(10, {MAXMEMORY: 200.0}), [("config", "cache: maxmemory 100 → 200")]),
        (seen(10, maxmemory_policy="noeviction"), [("config", "cache: maxmemory-policy allkeys-lru → noeviction")]),
        (seen(10, version="8.1.0"), [("version", "cache: version 8.0.1 → 8.1.0")]),
        (seen(10, version="{x}"), [("version", "cache: version 8.0.1 → {x}")]),
        (seen(10, role="slave"), [("failover", "cache: the primary is now a replica")]),
        (seen(10, {EVICTED: 3.0}), [("evicting", "cache: evictions begin, memory is full")]),
        (seen(10, {CLIENTS: 30.0}), [("clients", "cache: clients 10 → 30")]),
        (seen(10, {CLIENTS: 29.0}), []),
        (
            seen(10, {UPTIME: 4.0, FLUSHALL: 1.0}, run_id="b"),
            [("restart", "cache restarted"), ("flush", "cache: FLUSHALL removed every key")],
        ),
        (seen(10, {UPTIME: 900.0, FLUSHALL: 7.0}, run_id="b"), [("swap", "cache: another server answers at this address")]),
    ],
)
def test_what_changed_is_told(now: Seen, found: list[tuple[str, str]]) -> None:
    """Each with its old and new value; what another server counted before it answered here is not."""
    assert findings(seen(0), now, "cache") == [Finding(*one) for one in found]


def test_the_first_run_of_a_server_tells_nothing() -> None:
    """A server that was flushed long ago is not flushed now."""
    assert findings(None, seen(0, {FLUSHALL: 3.0, EVICTED: 9.0}), "cache") == []


def test_another_collectors_process_takes_over() -> None:
    """At the same place, or more sources for the one that is left."""
    before = seen(0, {LEASES: 1.0}, process="x")
    assert findings(before, seen(10, {LEASES: 1.0}, process="y"), "collectors")[0].kind == "takeover"
    assert findings(before, seen(10, {LEASES: 3.0}, process="x"), "collectors")[0].text == "collectors: took over 2 more to read"
    assert findings(before, seen(10, {LEASES: 0.0}, process="x"), "collectors") == []


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans()), min_size=1, max_size=60))
def test_evictions_begin_once_after_each_quiet_time(steps: list[tuple[int, bool]]) -> None:
    """Marks stand exactly where a run saw evictions and none had been for ten minutes before."""
    tick, count, last = 0, 0.0, None
    before = seen(0, {EVICTED: 0.0})
    for pause, evicts in steps:
        tick, count = tick + pause, count + evicts
        now = seen(tick, {EVICTED: count})
        due = evicts and (last is None or now.ts - last > QUIET)
        assert [f.kind for f in findings(before, now, "cache")] == ["evicting"] * due
        last = now.ts if evicts else last
        before = followed(before, now)


@given(
    st.dictionaries(st.sampled_from(sorted(WATCHED)), st.floats(0, 1e6), max_size=9),
    st.dictionaries(st.sampled_from(sorted(WATCHED)), st.floats(0, 1e6), max_size=9),
)
def test_every_finding_is_of_a_known_kind_and_a_repeated_run_finds_nothing(then: dict[Key, float], now: dict[Key, float]) -> None:
    """Whatever the numbers."""
    before, after = seen(0, then), seen(10, now)
    assert {f.kind for f in findings(before, after, "cache")} <= set(MARK_KINDS)
    assert findings(after, after, "cache") == []
