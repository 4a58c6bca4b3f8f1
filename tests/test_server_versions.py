"""Everything that talks to Redis, on every server version at hand: two wheels, the embedded Valkey, the system's own."""

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
from prosepolish_core.watch.redis_info.redis_observer import Observer
from tests.faults.services import SERVICES, WELL, Visit, ask
from tests.faults.test_groups import core_at

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
    with core_at(f"redis://127.0.0.1:{server[1]}/0", database_url, stand_ins, 0.5) as core:
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
    numbers = {field for field, value in told.items() if isinstance(value, int | float)}
    assert numbers - NO_NUMBERS - {sample.metric for sample in runs["redis_info"].samples} == set()


def test_the_printed_rights_are_enough_and_not_more(server: tuple[str, int]) -> None:
    """A user with these rules runs every collector, and can read or change nothing."""
    assert collector_rights.check(*server)
