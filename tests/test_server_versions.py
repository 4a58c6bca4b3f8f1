"""Everything that talks to Redis, on every server version at hand:
two wheels, the embedded Valkey, the system's own.
"""

import random
import subprocess
from collections.abc import Iterator

import pytest
import redis

from benchmarks import collector_rights
from benchmarks._redis_versions import installed, served
from benchmarks.proofs.limits_world import World
from collectors.reading import ObservedServer, read_once
from collectors.schedule import REDIS
from demo.standins import StandIns
from prosepolish_core.model.sample import RunOutcome
from prosepolish_core.watch.redis_info import acl
from prosepolish_core.watch.redis_info.fields import ZERO_IS_NONE
from prosepolish_core.watch.redis_info.redis_observer import Observer
from tests.faults.services import SERVICES, WELL, Visit, ask
from tests.faults.test_groups import core_at
from tests.support.canaries import Planted, commands, plant, seen
from tests.support.waiting import REDIS_S

pytestmark = pytest.mark.live
PROGRAMS = installed()
#: What a version lacks, so that its collector may come back with less or nothing.
LACKS = {"redis-6.2": {"redis_latency"}}
#: Names of versions and histories, which only happen to be written in digits.
NO_NUMBERS = {"redis_git_sha1", "redis_git_dirty", "redis_build_id", "master_replid", "master_replid2", "run_id"}


@pytest.fixture(scope="module", params=list(PROGRAMS))
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """Name and port of one running version."""
    with served(PROGRAMS[request.param], "--latency-monitor-threshold", "1") as port:
        yield request.param, port


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[StandIns]:
    """Both stand-ins, a thousand times faster than life."""
    with StandIns(speed=1000) as up:
        yield up


def test_each_server_is_of_the_version_it_is_filed_under() -> None:
    """The embedded one is always there; the others where a wheel or the system has one."""
    assert "valkey-9.1" in PROGRAMS
    for name, program in PROGRAMS.items():
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        assert f"v={name.rpartition('-')[2]}" in told


def test_every_service_of_the_core_works(server: tuple[str, int], database_url: str, stand_ins: StandIns) -> None:
    """Lookups, corrections, profiles, limits, sessions, clearing and health, as on the embedded server."""
    with core_at(f"redis://127.0.0.1:{server[1]}/0", database_url, stand_ins, REDIS_S) as core:
        visit = Visit(core)
        assert {name: ask(name, visit)[0] for name in SERVICES} == WELL


def test_limits_agree_with_the_oracle(server: tuple[str, int]) -> None:
    """The script says the same on every version's Lua."""
    with redis.Redis(port=server[1]) as client:
        world = World(client)
        numbers = random.Random(20260101)
        for i in range(1500):
            if i % 250 == 0:
                world.begin(i)
            world.do(numbers.getrandbits(64))
        world.close()


def test_every_collector_reads_it_and_info_is_kept_whole(server: tuple[str, int]) -> None:
    """No collector fails; every number in the server's own INFO is among the samples, under its name."""
    name, port = server
    with redis.Redis(port=port) as client:
        client.set("dict:a", "b", ex=60)
        client.get("dict:a")
        told = client.info("everything")
    instance = ObservedServer(name, Observer(f"redis://127.0.0.1:{port}/0"))
    runs = {entry.name: read_once(entry, instance, 1) for entry in REDIS}
    instance.observer.close()
    assert {run.outcome for run in runs.values()} == {RunOutcome.OK}
    assert {entry for entry, run in runs.items() if not run.samples} <= LACKS.get(name, set())
    numbers = {field for field, value in told.items() if isinstance(value, int | float) and (value or field not in ZERO_IS_NONE)}
    assert numbers - NO_NUMBERS - {sample.metric for sample in runs["redis_info"].samples} == set()


def test_the_printed_rights_are_enough_and_not_more(server: tuple[str, int]) -> None:
    """A user with these rules runs every collector, and can read or change nothing."""
    assert collector_rights.check(*server)


@pytest.fixture(scope="module", params=list(PROGRAMS))
def canaries(request: pytest.FixtureRequest) -> Iterator[tuple[str, int, Planted, redis.Redis]]:
    """A version of its own with secrets planted everywhere: its dialect, its port, the secrets, an administrator."""
    with served(PROGRAMS[request.param]) as port:
        with redis.Redis(port=port, protocol=2) as client:
            planted = plant(client)
        with redis.Redis(port=port, password=planted.password, protocol=2) as admin:
            yield collector_rights.dialect_of(request.param), port, planted, admin


def give(admin: redis.Redis, dialect: str, role: acl.Role, *more: str) -> None:
    """Make the user `watcher` with a role's printed rights, and more."""
    chosen = next(d for d in acl.DIALECTS if d.name == dialect)
    words = acl.setuser(chosen, "watcher", role, listening=role is acl.COLLECTORS).replace("PASSWORD", "right").split()
    admin.execute_command("ACL", "DELUSER", "watcher")
    admin.execute_command(*words, *more)


@pytest.mark.parametrize("role", acl.ROLES, ids=[role.name for role in acl.ROLES])
def test_no_command_shows_a_secret_under_the_printed_rights(
    canaries: tuple[str, int, Planted, redis.Redis], role: acl.Role
) -> None:
    """Every command and subcommand of the version, with what a curious user would try:
    no password, no hash, no foreign value.
    """
    dialect, port, planted, admin = canaries
    give(admin, dialect, role)
    known = commands(admin)
    assert len(known) > 250
    wanted = planted.secrets + (planted.values if role is acl.COLLECTORS else ())
    assert seen(port, "watcher", "right", known, planted, wanted) == []


def test_no_parameter_of_config_can_be_asked_for(canaries: tuple[str, int, Planted, redis.Redis]) -> None:
    """All that CONFIG GET * names to an administrator, by exact name, upper case and pattern: refused to every role."""
    dialect, port, planted, admin = canaries
    assert {"requirepass", "masterauth", "masteruser"} < set(planted.parameters)
    for role in acl.ROLES:
        give(admin, dialect, role)
        with redis.Redis(port=port, username="watcher", password="right", protocol=2, driver_info=None) as limited:
            for name in (*planted.parameters, "*", "*pass*", "REQUIREPASS"):
                with pytest.raises(redis.exceptions.NoPermissionError):
                    limited.execute_command("CONFIG", "GET", name)


@pytest.mark.parametrize(
    "right", ["config|get", "slowlog|get", "get", "getrange", "dump", "lrange", "xrange", "acl|getuser", "acl|list"]
)
def test_the_search_finds_what_each_of_these_rights_would_show(canaries: tuple[str, int, Planted, redis.Redis], right: str) -> None:
    """One right too many, and the search above would have failed."""
    dialect, port, planted, admin = canaries
    give(admin, dialect, acl.COLLECTORS, f"+{right}", "~*")
    known = [words for words in commands(admin) if words[0] == right.partition("|")[0]]
    found = seen(port, "watcher", "right", known, planted, planted.secrets + planted.values)
    assert any(line.startswith(right.replace("|", " ")) for line in found)


@pytest.fixture(scope="module", params=list(PROGRAMS))
def two_servers(request: pytest.FixtureRequest) -> Iterator[tuple[str, int, int]]:
    """A version's dialect, and the ports of a cache server and a state server,
    each with the core's rights for the user `app`.
    """
    with served(PROGRAMS[request.param]) as cache, served(PROGRAMS[request.param]) as state:
        dialect = next(d for d in acl.DIALECTS if d.name == collector_rights.dialect_of(request.param))
        for port, role in ((cache, acl.CACHE), (state, acl.STATE)):
            with redis.Redis(port=port, protocol=2) as admin:
                admin.execute_command(*acl.setuser(dialect, "app", role).replace("PASSWORD", "right").split())
        yield dialect.name, cache, state


def test_every_service_of_the_core_works_under_its_printed_rights(
    two_servers: tuple[str, int, int], database_url: str, stand_ins: StandIns
) -> None:
    """The roles `cache` and `state` are enough for lookups, corrections,
    profiles, limits, sessions, clearing and health.
    """
    _, cache, state = two_servers
    more = {"REDIS_STATE_URL": f"redis://app:right@127.0.0.1:{state}/0"}
    with core_at(f"redis://app:right@127.0.0.1:{cache}/0", database_url, stand_ins, REDIS_S, more) as core:
        visit = Visit(core)
        assert {name: ask(name, visit)[0] for name in SERVICES} == WELL
        assert core.health()["state"].reason == "Redis answers, takes writes and does not evict."


def test_sessions_cannot_be_listed_by_the_core(two_servers: tuple[str, int, int]) -> None:
    """SCAN and its kin are refused on the state server, and keys of others' families on both."""
    _, cache, state = two_servers
    refused = {state: ("SCAN 0", "KEYS *", "DBSIZE", "RANDOMKEY", "GET dict:a"), cache: ("KEYS *", "GET session:a", "GET vault:c")}
    for port, lines in refused.items():
        with redis.Redis(port=port, username="app", password="right", protocol=2, driver_info=None) as client:
            for line in (*lines, "CONFIG GET maxmemory", "ACL WHOAMI", "SLOWLOG GET", "FLUSHALL"):
                with pytest.raises(redis.exceptions.NoPermissionError):
                    client.execute_command(*line.split())
