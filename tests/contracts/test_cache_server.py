"""The port CacheServer, held on a real Valkey by direct lines and by redis-py's own command path,
and by the simulated server of the races.
"""

from collections.abc import Callable, Iterator
from threading import Event
from typing import cast

import pytest

from benchmarks._simulated import Network, SimulatedRedis
from benchmarks._world import World
from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.live.cache.redis_cache import ClientCache, RedisCache
from prosepolish_core.model.lease import Fill
from prosepolish_core.ports import CacheServer
from tests.support.simulated import InWorld

MINE, YOURS = "m" * 16, "y" * 16
LEASE_MS = 60_000


def value(body: str) -> bytes:
    """A value as it lies in Redis: its lease has ended."""
    return b"1Vj." + b"-" * 16 + b"0" * 13 * 3 + body.encode()


def fill(key: str, token: str, body: str) -> Fill:
    """A value to store for a minute."""
    return Fill(key, token, value(body), LEASE_MS)


@pytest.fixture(
    params=[pytest.param("direct lines", marks=pytest.mark.live), pytest.param("redis-py", marks=pytest.mark.live), "simulated"]
)
def server(request: pytest.FixtureRequest) -> Iterator[CacheServer]:
    if request.param == "simulated":
        world = World(1)
        yield cast("CacheServer", InWorld(world, SimulatedRedis(world, Network()).view()))
        return
    client = connect(request.getfixturevalue("valkey_url"), timeout_s=5, pool_size=8, role="test")
    made = RedisCache(client, timeout_s=5, pool_size=8) if request.param == "direct lines" else ClientCache(client)
    yield made
    made.close()
    client.close()


def until(true: Callable[[], object], meanwhile: Callable[[], object]) -> None:
    """Ask until it is so; a server that never says it fails the test."""
    for _ in range(1000):
        if true():
            return
        meanwhile()
    raise AssertionError("never")


def test_the_first_to_ask_has_the_lease_and_the_second_is_told_of_it(server: CacheServer) -> None:
    """Asking again with the token that holds it is no second holder."""
    assert server.get("llm:a") is None
    assert [server.take([("llm:a", MINE)], LEASE_MS)[0].taken for _ in range(2)] == [True, True]
    lost = server.take([("llm:a", YOURS)], LEASE_MS)[0]
    assert not lost.taken
    assert (lost.stored or b"")[:2] == b"1L"
    assert (server.get("llm:a") or b"")[4:20] == MINE.encode()


@pytest.mark.parametrize("waits", [True, False])
def test_a_stored_value_stands_in_the_way_of_a_lease(server: CacheServer, waits: bool) -> None:
    """Whoever asks for a lease and finds a value is given the value."""
    server.take([("llm:a", MINE)], LEASE_MS)
    server.fill([fill("llm:a", MINE, "1")])
    found = server.take([("llm:a", YOURS)], LEASE_MS, waits=waits)[0]
    assert (found.taken, found.stored) == (False, value("1"))


def test_a_refresh_takes_the_lease_of_a_value_that_stays_readable(server: CacheServer) -> None:
    """One refreshes, nobody else does, and readers go on."""
    server.take([("llm:a", MINE)], LEASE_MS)
    server.fill([fill("llm:a", MINE, "1")])
    assert server.take([("llm:a", YOURS)], LEASE_MS, refresh=True)[0].taken
    assert not server.take([("llm:a", MINE)], LEASE_MS, refresh=True)[0].taken
    assert (server.get("llm:a") or b"").endswith(b"1")
    assert server.fill([fill("llm:a", YOURS, "2")]) == [True]
    assert server.get("llm:a") == value("2")


def test_a_fill_counts_only_while_its_lease_stands(server: CacheServer) -> None:
    """Nobody's lease, another's lease, a lease that an invalidation voided: nothing is stored."""
    assert server.fill([fill("llm:a", MINE, "none")]) == [False]
    server.take([("llm:a", MINE)], LEASE_MS)
    assert server.fill([fill("llm:a", YOURS, "another's")]) == [False]
    assert server.drop(["llm:a", "llm:b"]) == 1
    assert server.fill([fill("llm:a", MINE, "voided")]) == [False]
    assert server.get("llm:a") is None


def test_many_are_asked_and_filled_in_order(server: CacheServer) -> None:
    """Each reply stands where its key stood; one voided lease does not touch the others."""
    server.take([("llm:a", MINE), ("llm:b", MINE), ("llm:c", MINE)], LEASE_MS)
    server.drop(["llm:b"])
    assert server.fill([fill(f"llm:{name}", MINE, name) for name in "abc"]) == [True, False, True]
    assert server.get_many(["llm:c", "llm:b", "llm:a", "llm:c"]) == [value("c"), None, value("a"), value("c")]


def test_a_load_that_failed_ends_its_lease_and_stores_nothing(server: CacheServer) -> None:
    """The next to ask may try."""
    server.take([("llm:a", MINE)], LEASE_MS)
    assert server.fill([Fill("llm:a", MINE, b"", 0)]) == [True]
    assert server.get("llm:a") is None
    assert server.take([("llm:a", YOURS)], LEASE_MS)[0].taken


def test_only_the_holder_prolongs_a_lease(server: CacheServer) -> None:
    """A foreign token changes nothing, neither the holder nor the end; the holder's own moves the end."""
    server.take([("llm:a", MINE)], LEASE_MS)
    before = server.get("llm:a")
    server.renew([("llm:a", YOURS)], 10 * LEASE_MS)
    assert server.get("llm:a") == before
    server.renew([("llm:a", MINE)], 10 * LEASE_MS)
    assert (server.get("llm:a") or b"")[:20] == (before or b"")[:20]
    assert int((server.get("llm:a") or b"")[20:33]) - int((before or b"")[20:33]) > 8 * LEASE_MS


@pytest.mark.parametrize(("stored", "told"), [(value("1"), value("1")), (b"", None)], ids=["a value", "a failed load"])
def test_who_waits_for_a_lease_hears_what_came_of_it(server: CacheServer, stored: bytes, told: bytes | None) -> None:
    """The value itself, or that there is none."""
    woken = Event()
    until(lambda: server.listen(0.05), lambda: None)
    server.take([("llm:a", MINE)], LEASE_MS)
    server.expect(MINE, woken)
    server.take([("llm:a", YOURS)], LEASE_MS)
    server.fill([Fill("llm:a", MINE, stored, LEASE_MS)])
    until(lambda: woken.wait(0.02), lambda: server.get("llm:a"))
    heard = server.heard(MINE)
    assert heard is not None
    assert heard.stored == told


@pytest.mark.parametrize("voided", [False, True])
def test_a_fill_that_nobody_waits_for_is_settled_later(server: CacheServer, voided: bool) -> None:
    """Its sender hears whether the lease stood."""
    said: list[tuple[bool | None, object]] = []
    server.take([("llm:a", MINE)], LEASE_MS)
    if voided:
        server.drop(["llm:a"])
    server.fill_soon(fill("llm:a", MINE, "1"), lambda stood, fault: said.append((stood, fault)))
    until(lambda: said, lambda: (server.collect(), server.get("llm:a")))
    assert said == [(not voided, None)]
    assert server.get("llm:a") == (None if voided else value("1"))
