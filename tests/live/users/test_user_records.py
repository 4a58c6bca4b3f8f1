"""Profiles and settings: PostgreSQL is the truth, Redis the copy, and no update is ever hidden by an old copy."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import psycopg
import pytest
import redis

from prosepolish_core import Config, Core
from prosepolish_core.errors import InvalidIdentifier, InvalidInput, LookupUnavailable, StoreUnavailable
from prosepolish_core.live.cache.stored_value import HEADER
from prosepolish_core.model.outcome import Outcome, Tier
from tests.support.waiting import PATIENT

pytestmark = pytest.mark.live
DEAD_DATABASE = "postgresql://nobody@127.0.0.1:1/none"
DEAD_REDIS = "redis://127.0.0.1:1/0"


@contextmanager
def opened(valkey_url: str, database_url: str) -> Iterator[Core]:
    """A Core over these servers."""
    settings = {"REDIS_URL": valkey_url, "DATABASE_URL": database_url, "PROSEPOLISH_FLUSH_S": "300"} | PATIENT
    with Core.open(Config.from_env(settings)) as core:
        yield core


@pytest.fixture
def core(valkey_url: str, database_url: str) -> Iterator[Core]:
    """A Core over real servers."""
    with opened(valkey_url, database_url) as found:
        yield found


def test_a_user_nobody_knows_is_an_answer(core: Core) -> None:
    """No row yet: empty data and a negative hit, from PostgreSQL first and from Redis then."""
    first, second = core.profiles.get("u1"), core.profiles.get("u1")
    assert (first.data, first.known, first.tier, first.outcome) == ({}, False, Tier.POSTGRES, Outcome.NEGATIVE_HIT)
    assert (second.tier, second.outcome) == (Tier.REDIS, Outcome.NEGATIVE_HIT)
    assert [step.tier for step in first.trace] == [Tier.REDIS, Tier.POSTGRES]


def test_an_update_is_seen_at_once_and_then_from_redis(core: Core) -> None:
    """After an update the next read is new and fills Redis; the one after comes from Redis."""
    assert not core.preferences.get("u1").known
    updated = core.preferences.update("u1", {"tone": "formal", "language": "en"})
    assert (updated.version, updated.degraded) == (1, False)
    first, second = core.preferences.get("u1"), core.preferences.get("u1")
    assert first.data == second.data == {"tone": "formal", "language": "en"}
    assert (first.tier, second.tier, second.outcome) == (Tier.POSTGRES, Tier.REDIS, Outcome.HIT)


def test_an_update_merges_and_none_removes(core: Core) -> None:
    """Fields not named stay, fields given as None go, and the version grows."""
    core.profiles.update("u1", {"name": "Ada", "language": "en", "tags": ["a", {"b": 1.5}]})
    after = core.profiles.update("u1", {"language": None, "name": "Ada L."})
    assert after.version == 2
    assert core.profiles.get("u1").data == {"name": "Ada L.", "tags": ["a", {"b": 1.5}]}


def test_either_update_drops_both_copies(core: Core, valkey_url: str) -> None:
    """Profile and settings of one user never differ in age; other users and the session index are left alone."""
    for user in ("u1", "u2"):
        core.profiles.get(user)
        core.preferences.get(user)
    with redis.Redis.from_url(valkey_url) as client:
        client.set("user:u1:sessions", "x")
        core.preferences.update("u1", {"tone": "plain"})
        assert sorted(client.keys()) == [b"settings:u2", b"user:u1:sessions", b"user:u2"]


def test_an_update_whose_reply_was_lost_drops_the_copies_too(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit happened and only its reply was lost: the caller sees an error, no reader the old value."""
    core.profiles.update("u1", {"name": "Ada"})
    assert core.profiles.get("u1").data == {"name": "Ada"}
    assert core.profiles.get("u1").tier is Tier.REDIS
    store = core.profiles._store
    merge = store.merge

    def commits_and_loses_the_reply(*arguments: object) -> None:
        merge(*arguments)  # type: ignore[arg-type]
        raise StoreUnavailable("error", "connection")

    with monkeypatch.context() as lossy:
        lossy.setattr(store, "merge", commits_and_loses_the_reply)
        with pytest.raises(StoreUnavailable):
            core.profiles.update("u1", {"name": "Grace"})
    after = core.profiles.get("u1")
    assert (after.data, after.tier) == ({"name": "Grace"}, Tier.POSTGRES)


def test_a_user_id_cannot_reach_another_key(core: Core, valkey_url: str) -> None:
    """The id `7:sessions` has a key of its own, never `user:7:sessions`; no id at all is refused."""
    core.profiles.update("7:sessions", {"name": "x"})
    core.profiles.get("7:sessions")
    with redis.Redis.from_url(valkey_url) as client:
        assert client.keys() == [b"user:7%3Asessions"]
    for bad in ("", "a" * 300, "\ud800"):
        with pytest.raises(InvalidIdentifier):
            core.profiles.get(bad)


@pytest.mark.parametrize(
    "changes", [{}, {"a": float("nan")}, {"a": "\x00"}, {1: "a"}, {"a": {"b": object()}}, {"a": 2**70}, "text"]
)
def test_what_json_cannot_hold_is_refused_and_nothing_is_changed(core: Core, changes: object) -> None:
    """A bad update is a clear error before any server is asked."""
    core.profiles.update("u1", {"name": "Ada"})
    with pytest.raises(InvalidInput):
        core.profiles.update("u1", changes)  # type: ignore[arg-type]
    assert core.profiles.get("u1").data == {"name": "Ada"}


@pytest.mark.parametrize("body", [b"[]", b"5", b'{"x":1}', b'{"data":5,"version":1}', b'{"data":{},"version":"x"}'])
def test_a_well_formed_value_of_another_shape_is_a_miss(core: Core, valkey_url: str, body: bytes) -> None:
    """A value somebody edited in Redis is deleted; PostgreSQL answers."""
    core.profiles.update("u", {"a": 1})
    core.profiles.get("u")
    with redis.Redis.from_url(valkey_url) as client:
        client.set("user:u", client.get("user:u")[:HEADER] + body, keepttl=True)
        found = core.profiles.get("u")
        assert (found.data, found.tier) == ({"a": 1}, Tier.POSTGRES)
        assert client.get("user:u")[HEADER:] != body


def test_a_profile_that_would_grow_too_big_is_refused(core: Core) -> None:
    """64 KB is the limit; what was there stays."""
    core.profiles.update("u1", {"name": "Ada"})
    with pytest.raises(InvalidInput, match="64 KB"):
        core.profiles.update("u1", {"bio": "x" * 70_000})
    assert core.profiles.get("u1").data == {"name": "Ada"}


def test_a_profile_over_10_kb_is_answered_but_not_cached(core: Core, valkey_url: str) -> None:
    """Redis does not keep values that are over its limit when packed; the answer is the same."""
    core.profiles.update("u1", {"bio": Random(1).randbytes(12_000).hex()})
    assert core.profiles.get("u1").tier is core.profiles.get("u1").tier is Tier.POSTGRES
    with redis.Redis.from_url(valkey_url) as client:
        assert client.exists("user:u1") == 0


def test_redis_away_degrades_and_loses_nothing(database_url: str) -> None:
    """Reads come from PostgreSQL and say so; updates are committed."""
    with opened(DEAD_REDIS, database_url) as core:
        assert core.profiles.update("u1", {"name": "Ada"}).degraded
        found = core.profiles.get("u1")
        assert (found.data, found.tier, found.degraded) == ({"name": "Ada"}, Tier.POSTGRES, True)


def test_postgresql_away_serves_copies_and_refuses_the_rest(valkey_url: str, database_url: str) -> None:
    """A copy is answered; what is not in Redis is LookupUnavailable with its trace, an update StoreUnavailable."""
    with opened(valkey_url, database_url) as core:
        core.profiles.update("u1", {"name": "Ada"})
        core.profiles.get("u1")
    with opened(valkey_url, DEAD_DATABASE) as core:
        assert core.profiles.get("u1").data == {"name": "Ada"}
        with pytest.raises(LookupUnavailable) as caught:
            core.profiles.get("u2")
        assert [step.tier for step in caught.value.trace] == [Tier.REDIS, Tier.POSTGRES]
        with pytest.raises(StoreUnavailable):
            core.profiles.update("u1", {"name": "Bob"})


def test_connections_that_the_server_ended_are_replaced(core: Core, postgres_server: str) -> None:
    """After every backend was killed, a read and an update succeed at once."""
    core.profiles.update("u1", {"name": "Ada"})
    for _ in range(2):
        with psycopg.connect(postgres_server, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prosepolish-people'")
        core.profiles.invalidate("u1")
        assert core.profiles.get("u1").data["name"] == "Ada"
        with psycopg.connect(postgres_server, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prosepolish-people'")
        assert core.profiles.update("u1", {"name": "Ada"}).version > 1


def test_no_reader_ever_goes_back_behind_an_update(valkey_url: str, database_url: str) -> None:
    """While two Cores read and one updates, whoever begins after an acknowledged update sees it or a later one.

    One that Redis did not confirm in time says `degraded`; until Redis hears of it, another process may see the old
    copy.
    """
    with opened(valkey_url, database_url) as one, opened(valkey_url, database_url) as other:
        acknowledged, stale, over = 0, [], threading.Event()
        answered: Counter[Core] = Counter()

        def read(core: Core) -> None:
            while not over.is_set():
                least = acknowledged
                try:
                    seen = core.profiles.get("u1").version
                except LookupUnavailable:  # a busy machine: neither store answered in time, and nothing old was said
                    continue
                answered[core] += 1
                if seen < least:
                    stale.append((seen, least))

        readers = [threading.Thread(target=read, args=(core,)) for core in (one, other, one, other)]
        for reader in readers:
            reader.start()
        for number in range(150):
            done = one.profiles.update("u1", {"n": number})
            acknowledged = acknowledged if done.degraded else done.version
        over.set()
        for reader in readers:
            reader.join()
        assert stale == []
        assert acknowledged > 1
        assert min(answered[one], answered[other]) > 1
        assert one.profiles.get("u1").data == {"n": 149}


def test_reads_are_counted_by_family(core: Core) -> None:
    """Telemetry knows profiles and settings apart, and how often each tier was asked."""
    from prosepolish_core.model.window import Window

    for _ in range(3):
        core.profiles.get("u1")
    core.preferences.get("u1")
    core.recorder.flush()
    rows = {(r.family, r.tier, r.outcome): (r.steps, r.answers) for r in core.telemetry.lookups(Window.last(600), 1)}
    assert rows == {
        ("user", "redis", "miss"): (1, 0),
        ("user", "postgres", "negative_hit"): (1, 1),
        ("user", "redis", "negative_hit"): (2, 2),
        ("settings", "redis", "miss"): (1, 0),
        ("settings", "postgres", "negative_hit"): (1, 1),
    }
