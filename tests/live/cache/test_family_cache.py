"""A key family behind leases, on a real server: one load, fenced fills, stale values, foreign bytes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random
from string import ascii_letters
from urllib.parse import urlsplit

import fakeredis
import pytest
import redis

from prosepolish_core.live.cache import CacheLink, FamilyCache, Loaded, NoLoad, Seal
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.model import keys
from prosepolish_core.model.outcome import Outcome
from tests.live.cache.bench import Open, answer, calls, process
from tests.support.waiting import PATIENCE_S, wait_for
from tests.support.way import way
from tests.support.words import Remembers


@pytest.mark.live
def test_a_miss_is_loaded_once_and_then_a_hit_is_one_plain_get(open_cache: Open, valkey_url: str) -> None:
    """The second read sends nothing but GET."""
    cache = open_cache()
    first = cache.get_or_load("a", answer({"n": 1}), 30)
    before = calls(valkey_url)
    second = cache.get_or_load("a", answer({"n": 2}), 30)
    after = calls(valkey_url)
    assert (first.value, first.outcome, first.filled) == ({"n": 1}, Outcome.MISS, True)
    assert (second.value, second.outcome) == ({"n": 1}, Outcome.HIT)
    assert after.pop("get") - before.pop("get") == 1
    assert {
        k: v - before.get(k, 0)
        for k, v in after.items()
        if v != before.get(k, 0)
        and "info" not in k
        and "client" not in k
        and k not in ("hello", "subscribe")  # the one subscription may land now
    } == {}


@pytest.mark.live
def test_the_time_to_live_is_the_familys_with_jitter(open_cache: Open, valkey_url: str) -> None:
    """Between nine tenths and the whole of it, and not the same for all."""
    cache = open_cache()
    for number in range(20):
        cache.get_or_load(f"k{number}", answer(number), 30, inline=True)
    with redis.Redis.from_url(valkey_url) as client:
        found = [client.ttl(f"llm:k{number}") for number in range(20)]
    assert all(0.89 * 86_400 < ttl <= 86_400 for ttl in found)
    assert len(set(found)) > 1


@pytest.mark.live
def test_a_fill_that_was_overtaken_by_an_invalidation_is_refused(open_cache: Open, recorder: Remembers) -> None:
    """The loader has read the old value, somebody deletes, the old value must not come back."""
    cache, other = open_cache(), open_cache()
    reading, go_on = threading.Event(), threading.Event()

    def slow(until: float) -> Loaded:
        reading.set()
        go_on.wait(30)
        return Loaded("old")

    thread = threading.Thread(target=lambda: cache.get_or_load("a", slow, 30))
    thread.start()
    reading.wait(30)
    assert other.invalidate("a")
    go_on.set()
    thread.join()
    assert recorder.events["lease_lost"] == 1
    assert other.get("a") is None
    assert other.get_or_load("a", answer("new"), 30).value == "new"


@pytest.mark.live
def test_a_caller_after_the_invalidation_does_not_join_the_load_from_before_it(open_cache: Open) -> None:
    """Not even in the same process: its answer was read before the invalidation."""
    cache, other = open_cache(), open_cache()
    reading, go_on = threading.Event(), threading.Event()
    truth = ["old"]

    def slow(until: float) -> Loaded:
        value = truth[0]
        if value == "old":
            reading.set()
            go_on.wait(30)
        return Loaded(value)

    first = threading.Thread(target=lambda: cache.get_or_load("a", slow, 30))
    first.start()
    reading.wait(30)
    truth[0] = "new"
    assert other.invalidate("a")
    found: list[object] = []
    late = threading.Thread(target=lambda: found.append(cache.get_or_load("a", slow, 30).value))
    late.start()
    time.sleep(0.05)
    go_on.set()
    first.join()
    late.join()
    assert found == ["new"]
    assert cache.get_or_load("a", slow, 30).value == "new"


@pytest.mark.live
def test_one_load_for_many_callers_in_several_processes(open_cache: Open, valkey_url: str) -> None:
    """Each cache here has its own connections and flights, as a process has; waiters are woken, they do not poll."""
    caches = [open_cache() for _ in range(3)]
    loads: list[float] = []

    def loader(until: float) -> Loaded:
        loads.append(until)
        time.sleep(0.3)
        return Loaded("v")

    found: list[object] = []
    start = threading.Barrier(30)

    def caller(cache: FamilyCache) -> None:
        start.wait()
        found.append(cache.get_or_load("a", loader, 30).value)

    threads = [threading.Thread(target=caller, args=(caches[n % 3],)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = calls(valkey_url)
    assert found == ["v"] * 30
    assert len(loads) == 1
    scripts = counted["evalsha"] + counted.get("eval", 0)
    of_the_holder = 5  # subscribe, take (twice when the script is new to the server), fill, one prolongation
    assert scripts + counted["subscribe"] <= of_the_holder + 2 * 3 + 1


@pytest.mark.live
def test_a_dead_holder_is_noticed(open_cache: Open, valkey_url: str) -> None:
    """A lease whose holder never comes back ends by itself, and somebody else loads."""
    cache = open_cache()
    assert cache.link.server.take([("llm:a", "f" * 16)], 300)[0].taken
    assert cache.get_or_load("a", answer("v"), PATIENCE_S).value == "v"


@pytest.mark.live
def test_a_stale_value_is_answered_and_refreshed_in_the_background(open_cache: Open, valkey_url: str) -> None:
    """In the last part of its life: nobody waits for the load."""
    cache = open_cache(ttl_s=100.0, grace=0.999)
    cache.get_or_load("a", answer("old"), 30)
    time.sleep(0.15)
    stale = cache.get_or_load("a", answer("new"), 30)
    assert (stale.value, stale.outcome) == ("old", Outcome.STALE_HIT)
    wait_for(lambda: getattr(cache.get("a"), "value", None) == "new")


@pytest.mark.live
def test_without_grace_no_clock_makes_a_value_stale(open_cache: Open) -> None:
    """A process whose clock runs months ahead answers from Redis like all the others, and pays for nothing twice."""
    cache = open_cache(grace=0.0)
    cache.get_or_load("a", answer("old"), 30)
    cache._wall_ms = lambda: int(time.time() * 1000) + 10**10
    assert cache.get_or_load("a", answer("new"), 30).outcome is Outcome.HIT


@pytest.mark.live
def test_a_failed_refresh_leaves_the_stale_value(open_cache: Open, recorder: Remembers) -> None:
    """A stale value within its grace is better than an error."""
    cache = open_cache(ttl_s=100.0, grace=0.9995)
    cache.get_or_load("a", answer("old"), 30)
    time.sleep(0.1)

    def broken(until: float) -> Loaded:
        raise RuntimeError

    assert cache.get_or_load("a", broken, 30).outcome is Outcome.STALE_HIT
    wait_for(lambda: recorder.events["refresh_failed"] > 0)
    assert recorder.events["refresh_failed"] == 1
    assert cache.get_or_load("a", broken, 30).value == "old"


@pytest.mark.live
@pytest.mark.parametrize("foreign", [b"", b"{}", b"1Vj", b"9V" + b"x" * 80, b"1Vj." + b"." * 80, b"\x80\x04pickle", b"1L"])
def test_foreign_bytes_are_deleted_counted_and_a_miss(
    open_cache: Open, valkey_url: str, foreign: bytes, recorder: Remembers
) -> None:
    """Whatever somebody wrote under our key, the caller gets the truth and the key is mended."""
    cache = open_cache()
    with redis.Redis.from_url(valkey_url) as client:
        client.set("llm:a", foreign)
    assert cache.get_or_load("a", answer("v"), 30).value == "v"
    assert cache.get_or_load("a", answer("w"), 30).value == "v"


@pytest.mark.live
def test_a_key_of_another_type_is_mended(open_cache: Open, valkey_url: str) -> None:
    """A hash under our key is deleted; the callers are answered all the while."""
    cache = open_cache()
    with redis.Redis.from_url(valkey_url) as client:
        client.hset("llm:a", "x", "y")
    assert cache.get_or_load("a", answer("v"), 30).value == "v"
    assert cache.get_or_load("a", answer("v"), 30).value == "v"
    assert cache.link.guard.up


@pytest.mark.live
def test_a_value_over_the_limit_is_answered_but_not_cached(open_cache: Open, recorder: Remembers, valkey_url: str) -> None:
    """It is counted, and other processes that wait for it are told all the same."""
    cache = open_cache()
    noise = "".join(Random(1).choices(ascii_letters, k=20_000))  # nothing that can be packed
    assert cache.get_or_load("a", answer(noise), 30).value == noise
    assert recorder.events["oversized_value"] == 1
    with redis.Redis.from_url(valkey_url) as client:
        assert not client.exists("llm:a")


@pytest.mark.live
def test_what_must_not_be_kept_is_answered_to_everybody_and_stored_nowhere(open_cache: Open, valkey_url: str) -> None:
    """A typed failure of the upstream is shared by those who wait, in every process, and gone afterwards."""
    one, other = open_cache(), open_cache()
    loads: list[int] = []

    def loader(until: float) -> Loaded:
        loads.append(1)
        time.sleep(0.3)
        return Loaded({"unavailable": "timeout"}, keep=False)

    found: list[object] = []
    threads = [threading.Thread(target=lambda c=c: found.append(c.get_or_load("a", loader, 30).value)) for c in (one, other)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert found == [{"unavailable": "timeout"}] * 2
    assert len(loads) == 1
    with redis.Redis.from_url(valkey_url) as client:
        assert not client.exists("llm:a")


@pytest.mark.live
def test_an_error_of_the_loader_reaches_its_callers_and_frees_the_lease(open_cache: Open, valkey_url: str) -> None:
    """The next caller does not have to wait for the lease to end."""
    cache = open_cache()

    def broken(until: float) -> Loaded:
        raise ZeroDivisionError

    for inline in (False, True):
        with pytest.raises(ZeroDivisionError):
            cache.get_or_load("a", broken, 30, inline=inline)
        with redis.Redis.from_url(valkey_url) as client:
            assert not client.exists("llm:a")
    assert cache.get_or_load("a", answer("v"), 30).value == "v"


@pytest.mark.live
def test_a_load_that_began_while_redis_was_away_hides_nothing_that_lies_there(valkey_url: str, recorder: Remembers) -> None:
    """Neither from who began it nor from who joins it: both have the value while the loader still waits."""
    begun, free = threading.Event(), threading.Event()

    def stuck(until: float) -> Loaded:
        begun.set()
        free.wait()
        return Loaded("late")

    parts = urlsplit(valkey_url)
    with way(parts.port or 0) as there, process(parts._replace(netloc=f"127.0.0.1:{there.port}").geturl(), recorder) as cache:
        cache.get_or_load("a", answer("kept"), 30)
        with ThreadPoolExecutor(2) as pool:
            with there.closed():
                first = pool.submit(cache.get_or_load, "a", stuck, PATIENCE_S)
                assert begun.wait(PATIENCE_S)
            second = pool.submit(cache.get_or_load, "a", stuck, PATIENCE_S)
            assert [asked.result(PATIENCE_S).value for asked in (first, second)] == ["kept"] * 2
            free.set()


def test_a_caller_leaves_at_its_deadline_and_the_late_value_is_kept(open_cache: Open) -> None:
    """The load goes on in the background: what was paid for is not thrown away."""
    cache = open_cache()

    go_on = threading.Event()

    def slow(until: float) -> Loaded:
        go_on.wait(PATIENCE_S)
        return Loaded("v")

    with pytest.raises(NoLoad) as late:
        cache.get_or_load("a", slow, 0.1)
    assert late.value.outcome is Outcome.TIMEOUT
    go_on.set()
    assert cache.get_or_load("a", answer("other"), PATIENCE_S).value == "v"


@pytest.mark.live
def test_sealed_families_keep_nothing_readable_in_redis(open_cache: Open, valkey_url: str) -> None:
    """And a plain value written under such a key is not believed."""
    cache = open_cache(seal=Seal([b"k" * 32]))
    cache.get_or_load("a", answer("personal text"), 30)
    with redis.Redis.from_url(valkey_url) as client:
        stored = client.get("llm:a")
        assert isinstance(stored, bytes)
        assert b"personal" not in stored
        client.set("llm:a", b"1Vj." + b"." * 16 + b"0" * 13 * 2 + b"9" * 13 + b'"forged"')
    assert cache.get_or_load("a", answer("truth"), 30).value == "truth"


def test_the_same_works_without_a_socket(recorder: Remembers) -> None:
    """Over redis-py's own command path, which clusters use; here on an in-memory double."""
    client = fakeredis.FakeRedis()
    server = cache_server(client, timeout_s=0.5, pool_size=4)
    cache = FamilyCache(CacheLink(server), keys.LLM, recorder)
    assert cache.get_or_load(("correct", "00ff"), answer("v"), 30).value == "v"
    assert cache.get_or_load(("correct", "00ff"), answer("w"), 30).outcome is Outcome.HIT
    assert client.keys() == [b"llm:correct:00ff"]
    assert cache.invalidate(("correct", "00ff"))
    assert cache.get(("correct", "00ff")) is None
    cache.link.close()
    server.close()
