"""Fills of quick loads, on a real server:
not waited for unless somebody needs the proof, heard later, counted honestly.
"""

import threading
import time

import pytest
import redis

from prosepolish_core.live.cache import Loaded
from prosepolish_core.model.lease import Fill
from prosepolish_core.model.outcome import Outcome
from tests.live.cache.bench import Open, answer, calls
from tests.support.waiting import wait_for
from tests.support.words import Remembers

pytestmark = pytest.mark.live


def test_a_quick_load_does_not_wait_for_its_fill_and_the_next_read_finds_it(open_cache: Open, valkey_url: str) -> None:
    """The fill goes ahead of the same caller's next GET on the same connection: a hundred times out of a hundred."""
    cache = open_cache()
    for number in range(100):
        assert cache.get_or_load(f"k{number}", answer(number), 30, inline=True).filled
        assert cache.get_or_load(f"k{number}", answer("other"), 30, inline=True).outcome is Outcome.HIT
    with redis.Redis.from_url(valkey_url) as client:
        assert len(client.keys("llm:k*")) == 100


def test_a_fill_that_is_refused_after_the_answer_is_counted_though_nothing_else_is_asked(
    open_cache: Open, recorder: Remembers
) -> None:
    """The invalidation came while the value was being loaded:
    it does not lie in Redis, and within a moment that is counted.
    """
    cache, other = open_cache(), open_cache()

    def overtaken(until: float) -> Loaded:
        assert other.invalidate("a")
        return Loaded("old")

    assert cache.get_or_load("a", overtaken, 30, inline=True).value == "old"
    wait_for(lambda: recorder.events["lease_lost"] > 0)
    assert recorder.events == {"lease_lost": 1}
    assert other.get("a") is None
    assert cache.get_or_load("a", answer("new"), 30, inline=True).value == "new"


def test_a_fill_that_meets_a_server_without_its_script_lands_all_the_same(
    open_cache: Open, valkey_url: str, recorder: Remembers
) -> None:
    """As after a restart: the refusal is heard later, and the fill is sent whole."""
    cache = open_cache()

    def forgetful(until: float) -> Loaded:
        with redis.Redis.from_url(valkey_url) as client:
            client.script_flush()
        return Loaded("v")

    cache.get_or_load("a", forgetful, 30, inline=True)
    assert cache.link.server.collect()
    assert cache.get_or_load("a", answer("other"), 30).value == "v"
    assert recorder.events == {}


def test_a_fill_that_the_server_refuses_pauses_the_next_ones(open_cache: Open, valkey_url: str, recorder: Remembers) -> None:
    """Out of memory, told late: counted, and reads go on without leases for a while."""
    cache = open_cache()
    with redis.Redis.from_url(valkey_url) as client:

        def crowded(until: float) -> Loaded:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1")
            return Loaded("v")

        try:
            assert cache.get_or_load("a", crowded, 30, inline=True).value == "v"
            assert cache.link.server.collect()
            assert (recorder.events["lease_lost"], cache.link.guard.reason) == (1, "out_of_memory")
            assert not cache.link.guard.writable()
            assert cache.get_or_load("b", answer("w"), 30, inline=True).degraded
        finally:
            client.config_set("maxmemory", "64mb")
            client.config_set("maxmemory-policy", "allkeys-lru")


def test_who_joins_a_quick_load_gets_its_value_by_the_fill_that_proves_it(open_cache: Open) -> None:
    """Callers who came during the load began after the lease: the fill is waited for, and nobody loads again."""
    cache, loads = open_cache(), []
    reading, go_on = threading.Event(), threading.Event()

    def slow(until: float) -> Loaded:
        loads.append(until)
        reading.set()
        go_on.wait(30)
        return Loaded("v")

    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(cache.get_or_load("a", slow, 30, inline=True).value)) for _ in range(5)]
    threads[0].start()
    reading.wait(30)
    for thread in threads[1:]:
        thread.start()
    time.sleep(0.1)
    go_on.set()
    for thread in threads:
        thread.join()
    assert found == ["v"] * 5
    assert len(loads) == 1


@pytest.mark.parametrize("raced", [False, True])
def test_who_waits_for_another_process_sends_four_commands_at_most(open_cache: Open, valkey_url: str, raced: bool) -> None:
    """The first subscription included;
    also when the lease was taken between his GET and his own try, and his token is told.
    """
    holder, waiter = open_cache(), open_cache()
    holder.link.server.take([("llm:b", "e" * 16)], 1)  # the script is known from now on
    holder.link.server.fill([Fill("llm:b", "e" * 16, b"", 1)])
    assert holder.link.server.take([("llm:a", "f" * 16)], 5000, waits=False)[0].taken
    if raced:
        waiter._get = lambda key: None
    before = calls(valkey_url)
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(waiter.get_or_load("a", answer("mine"), 30).value))
    thread.start()
    with redis.Redis.from_url(valkey_url) as client:
        wait_for(lambda: client.getrange("llm:a", 3, 3) == b"w")
    time.sleep(0.1)
    holder.loading.store([holder.loading.to_fill("llm:a", "f" * 16, Loaded("theirs"))])
    thread.join()
    after = calls(valkey_url)
    sent = sum(after.get(name, 0) - before.get(name, 0) for name in ("set", "evalsha", "eval", "subscribe"))
    assert found == ["theirs"]
    assert sent <= 3 + 2  # beside his GET; the holder's fill is two: the script, and SET in it
