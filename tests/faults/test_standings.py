"""How everything stands, on real servers that are broken and mended: one truth, one "since", in every process."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path

import pytest

from demo.standins import Fault, FaultKind, StandIns
from prosepolish_core import Config, Core
from prosepolish_core.calc.status_sentence import status_line
from prosepolish_core.cli.main import main
from prosepolish_core.errors import LookupUnavailable
from prosepolish_core.model.standing import Standings, State
from tests.faults.servers import Servers
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("faults")]
_numbers = count(1)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers of these tests' own."""
    found = Servers()
    yield found
    found.close()


@pytest.fixture
def stand_ins() -> Iterator[StandIns]:
    """Both upstreams, a thousand times faster than life."""
    with StandIns(speed=1000, limit=100_000) as up:
        yield up


@pytest.fixture
def environ(servers: Servers, stand_ins: StandIns, tmp_path: Path) -> dict[str, str]:
    """One stack; sessions and limits share the cache's server."""
    return {
        "REDIS_URL": servers.redis_url,
        "DATABASE_URL": servers.database_url,
        "DICTIONARY_API_URL": stand_ins.dictionary_api.url,
        "GEMINI_API_ENDPOINT": stand_ins.gemini.url,
        "GEMINI_API_KEY": "any",
        "GEMINI_MODEL": "gemini-3.8-flash",
        "PROSEPOLISH_DICTIONARY_PER_S": "1000",
        "PROSEPOLISH_FLUSH_S": "300",
        "PROSEPOLISH_DATA_DIR": str(tmp_path),
    }


@pytest.fixture
def core(environ: dict[str, str]) -> Iterator[Core]:
    """A process that looks, in a thread of its own."""
    with Core.open(Config.from_env(environ)) as found:
        found.standings.start()
        yield found


def in_state(core: Core, **wanted: State) -> Standings:
    """Wait until all of these stand so."""
    wait_for(lambda: {name: core.health()[name].state for name in wanted} == wanted)
    return core.health()


def sentence(found: Standings) -> str:
    """The first line of every page."""
    return status_line(found, time.time()).text


BREAKS: dict[str, tuple[str, str, State]] = {
    "redis down": ("redis_down", "redis", State.DOWN),
    "redis hung": ("redis_hung", "redis", State.DOWN),
    "redis wants a password": ("redis_wants_a_password", "redis", State.DOWN),
    "redis full": ("redis_full", "redis", State.DEGRADED),
    "postgres down": ("postgres_down", "postgres", State.DOWN),
    "postgres read-only": ("postgres_read_only", "postgres", State.DEGRADED),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_a_fault_and_its_end_are_told_with_one_since_by_every_process(
    fault: str, core: Core, servers: Servers, environ: dict[str, str]
) -> None:
    """Down while it is broken, the same instant in a process that begins meanwhile, and up when it is mended."""
    how, name, state = BREAKS[fault]
    broken: Callable[[], AbstractContextManager[None]] = (
        (lambda: servers.redis_set("maxmemory", "1", "0")) if how == "redis_full" else getattr(servers, how)
    )
    before = in_state(core, redis=State.UP, postgres=State.UP)[name]
    with broken():
        found = in_state(core, **{name: state})[name]
        assert found.since > before.since
        wait_for(lambda: core.health().at > found.seen_at + 2)
        assert core.health()[name].since == found.since
        with Core.open(Config.from_env(environ)) as another:
            seen = another.health()[name]
        assert (seen.state, seen.since) == (state, found.since)
        assert f"{found.label} {state} since " in sentence(core.health())
    after = in_state(core, **{name: State.UP})[name]
    assert after.past is not None
    assert (after.past.began, after.past.ended) == (found.since, after.since)


def ask(core: Core, times: int) -> int:
    """Words that no store has; how many of them nobody could answer."""
    lost = 0
    for _ in range(times):
        try:
            core.dictionary.lookup(f"zq{next(_numbers)}")
        except LookupUnavailable:
            lost += 1
    assert core.recorder.flush()
    return lost


def test_upstreams_that_fail_every_call_are_down_although_their_addresses_answer(
    core: Core, stand_ins: StandIns, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the calls of users: in the sentence with what was lost, and in the exit code of `check`."""
    assert ask(core, 5) == 0
    in_state(core, dictionary_api=State.UP, gemini=State.UP)
    for upstream in (stand_ins.dictionary_api, stand_ins.gemini):
        upstream.script.add(Fault(FaultKind.STATUS, status=503))
    lost = ask(core, 10)
    found = in_state(core, dictionary_api=State.DOWN, gemini=State.DOWN)
    assert lost == 10
    assert "10 of 15 calls unanswered in the last minute" in sentence(found)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert main(["check"]) == 1
    for upstream in (stand_ins.dictionary_api, stand_ins.gemini):
        upstream.script.clear()
    wait_for(lambda: ask(core, 5) == 0)  # the breakers close
    in_state(core, dictionary_api=State.UP, gemini=State.UP)


def test_an_upstream_that_nobody_calls_is_asked(core: Core, stand_ins: StandIns) -> None:
    """Every few seconds; an address that answers is no proof."""
    in_state(core, dictionary_api=State.UP, gemini=State.UP)
    stand_ins.gemini.script.add(Fault(FaultKind.STATUS, status=503))
    wait_for(lambda: core.health()["gemini"].state is State.DOWN)
    assert core.health()["gemini"].reason == "Gemini fails (503)."


def test_what_nobody_looks_at_any_more_is_not_called_well(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keeper's thread is gone: what it said last is not said for ever."""
    in_state(core, redis=State.UP)
    core.standings.close()
    later = time.time() + 60
    monkeypatch.setattr(core.standings, "_clock", lambda: later)
    found = core.health()["redis"]
    assert (found.state, "Nobody has looked for" in found.reason) == (State.UNKNOWN, True)
