"""The whole Core on a cluster and behind a sentinel, by nothing but the URL."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import redis

from demo.standins import StandIns
from prosepolish_core import Config, Core, Limit
from prosepolish_core.model.outcome import Tier
from tests.faults.services import SERVICES, SLACK, WELL, Visit, ask
from tests.support.redis_groups import cluster, sentinel, until
from tests.support.waiting import REDIS_S

pytestmark = pytest.mark.live
WORDS = ["apple", "house", "water", "tree", "stone", "river", "cloud", "bread"]


@contextmanager
def core_at(
    redis_url: str, database_url: str, stand_ins: StandIns, timeout_s: float = 0.05, more: Mapping[str, str] | None = None
) -> Iterator[Core]:
    """A Core over this Redis."""
    environ = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "DICTIONARY_API_URL": stand_ins.dictionary_api.url,
        "PROSEPOLISH_DICTIONARY_PER_S": "1000",
        "GEMINI_API_ENDPOINT": stand_ins.gemini.url,
        "GEMINI_API_KEY": "any",
        "PROSEPOLISH_FLUSH_S": "60",
        "PROSEPOLISH_REDIS_TIMEOUT_S": str(timeout_s),
        **(more or {}),
    }
    with Core.open(Config.from_env(environ)) as core:
        yield core


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[StandIns]:
    """Both stand-ins, a thousand times faster than life."""
    with StandIns(speed=1000) as up:
        yield up


def answers(visit: Visit) -> dict[str, str]:
    """What every service says, in one word each."""
    return {name: ask(name, visit)[0] for name in SERVICES}


def test_everything_works_on_a_cluster(database_url: str, stand_ins: StandIns) -> None:
    """Three primaries, one of them named:
    words and profiles are served by Redis, limits count, sessions live and end, clearing clears.
    """
    with cluster() as nodes, core_at(f"redis+cluster://127.0.0.1:{nodes[0].port}", database_url, stand_ins, REDIS_S) as core:
        visit = Visit(core)
        assert answers(visit) == WELL

        core.dictionary.lookup_many(WORDS)
        assert {found.tier for found in core.dictionary.lookup_many(WORDS).values()} == {Tier.REDIS}
        assert core.dictionary.invalidate(WORDS[0]).complete
        assert core.dictionary.lookup(WORDS[0]).tier is not Tier.REDIS
        core.profiles.get("u")
        assert core.profiles.get("u").tier is Tier.REDIS

        two = [Limit(2, per_s=60), Limit(100, per_s=60, subject="ip:1")]
        decisions = [core.limiter.check("user:1", two) for _ in range(3)]
        assert [(d.allowed, d.degraded, d.mode) for d in decisions] == [(n < 2, False, "two_phase") for n in range(3)]
        one = [core.limiter.check("user:2", [Limit(2, per_s=60), Limit(9, per_s=600)], request_id="r") for _ in range(3)]
        assert [(d.allowed, d.remaining, d.degraded, d.mode) for d in one] == [(True, 1, False, one[0].mode)] * 3
        assert core.limiter.reset("user:1", two)

        session = core.sessions.create("alice", "phone")
        assert session.token
        moved = core.sessions.rotate(session.token, nonce="n")
        assert core.sessions.rotate(session.token, nonce="n").token == moved.token
        assert moved.token
        assert [core.sessions.verify(moved.token).valid for _ in range(2)] == [True, True]
        assert len(core.sessions.devices("alice")) == 1
        assert core.sessions.revoke_all("alice") == (1, True)
        assert not core.sessions.verify(moved.token).valid

        core.dictionary.lookup_many(WORDS)
        held = []
        for node in nodes:
            with redis.Redis(port=node.port) as client:
                held.append(len(client.keys("dict:*")))
        assert all(held), "every node has its share"
        cleared = core.cache.clear("dict")
        assert cleared.complete
        assert cleared.removed >= len(WORDS)
        assert core.dictionary.lookup(WORDS[0]).tier is Tier.POSTGRES


def test_a_cluster_that_hangs_degrades_and_heals(database_url: str, stand_ins: StandIns) -> None:
    """All nodes stopped: every service keeps its deadline, the limiter the 50 ms it promises;
    soon after, all is well.
    """
    with cluster() as nodes, core_at(f"redis+cluster://127.0.0.1:{nodes[0].port}", database_url, stand_ins) as core:
        visit = Visit(core)
        pids = []
        for node in nodes:
            with redis.Redis(port=node.port) as client:
                pids.append(int(client.info("server")["process_id"]))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            said = {name: ask(name, visit) for name in SERVICES}
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        assert {name: took for name, (_, took) in said.items() if took > SLACK * SERVICES[name].within_s} == {}
        assert {said[name][0] for name in ("lookup", "lookup_many", "profile", "limit", "verify")} == {"degraded"}
        assert (said["invalidate"][0], said["log out"][0], said["clear"][0]) == ("owed", "unconfirmed", "incomplete")
        until(lambda: answers(visit) == WELL)


def test_everything_follows_a_failover_of_a_sentinel(database_url: str, stand_ins: StandIns) -> None:
    """Before it, during it and after it: the sentinels' word is enough to find the new primary."""
    with (
        sentinel() as (port, primary, replica),
        core_at(f"redis+sentinel://127.0.0.1:{port}/words", database_url, stand_ins) as core,
    ):
        visit = Visit(core)
        assert answers(visit) == WELL
        primary.terminate()
        during = {name: ask(name, visit) for name in SERVICES}
        assert {during[name][0] for name in ("lookup", "profile", "limit", "verify")} == {"degraded"}
        assert {name: took for name, (_, took) in during.items() if took > SLACK * SERVICES[name].within_s} == {}
        until(lambda: answers(visit) == WELL)
        with redis.Redis(port=replica.port) as promoted:
            assert promoted.info("replication")["role"] == "master"
            assert promoted.exists("dict:apple")
