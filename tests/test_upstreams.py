"""What `check` learns from a real question to each upstream: which setting is wrong, and what to do."""

import socket
from collections.abc import Callable, Iterator

import pytest

from demo.standins import Fault, FaultKind, StandIns
from prosepolish_core import Config, Core
from prosepolish_core.model.standing import Probed, State
from tests.support.http_server import Reply, ScriptedServer, scripted_server

pytestmark = pytest.mark.live
MODELS = {"models": [{"name": "models/gemini-3.5-flash-lite"}, {"name": "models/gemini-2.0-flash"}]}


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[StandIns]:
    """Both upstreams, a thousand times faster than life."""
    with StandIns(speed=1000, limit=100_000) as up:
        yield up


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that answers what it is told to."""
    with scripted_server(Reply(body=MODELS)) as found:
        yield found


def asked(name: str, **settings: str) -> Probed:
    """One upstream as health sees it; nothing else is there."""
    nowhere = {"REDIS_URL": "redis://127.0.0.1:1", "DATABASE_URL": "postgresql://127.0.0.1:1/x", "GEMINI_API_KEY": "a-key"}
    upstreams = {"DICTIONARY_API_URL": "http://127.0.0.1:1", "GEMINI_API_ENDPOINT": "http://127.0.0.1:1"}
    with Core.open(Config.from_env(nowhere | upstreams | settings)) as core:
        found: Probed = getattr(core.upstreams, name)()
    return found


@pytest.mark.parametrize("path", ["", "/", "/api/v2/entries/en", "/api/v2/entries/en/"])
def test_the_dictionary_is_asked_for_a_known_word_in_every_form_of_its_address(stand_ins: StandIns, path: str) -> None:
    """Ok only when the word came back."""
    found = asked("dictionary_api", DICTIONARY_API_URL=stand_ins.dictionary_api.url + path)
    assert (found.state, found.reason) == (State.UP, "The address answers.")
    assert len(found.pings_s) == 3


@pytest.mark.parametrize("path", ["", "/v1beta", "/v1beta/models/"])
@pytest.mark.parametrize("backend", ["google-generativeai", "google-genai"])
def test_gemini_is_asked_for_its_models_in_every_form_of_its_address(stand_ins: StandIns, path: str, backend: str) -> None:
    """Ok only when ours is among them; nothing is paid for that."""
    found = asked("gemini", GEMINI_API_ENDPOINT=stand_ins.gemini.url + path, GEMINI_BACKEND=backend)
    assert (found.state, found.reason) == (State.UP, "The address answers.")


@pytest.mark.parametrize(
    ("fault", "status", "part"),
    [
        (Fault(FaultKind.NOT_FOUND), State.DEGRADED, "does not know the word"),
        (Fault(FaultKind.GARBAGE), State.DEGRADED, "no entry (malformed)"),
        (Fault(FaultKind.WRONG_SHAPE), State.DEGRADED, "no entry (malformed)"),
        (Fault(FaultKind.STATUS, status=403), State.DEGRADED, "no entry (forbidden)"),
        (Fault(FaultKind.STATUS, status=429), State.DEGRADED, "too often"),
        (Fault(FaultKind.STATUS, status=502), State.DOWN, "fails (502)"),
        (Fault(FaultKind.RESET), State.DOWN, "hangs up"),
        (Fault(FaultKind.SLOW, delay_s=3.0), State.DOWN, "in time"),
    ],
)
def test_a_dictionary_that_cannot_be_used_is_told_with_what_to_do(
    stand_ins: StandIns, fault: Fault, status: State, part: str
) -> None:
    """An open port is not an answer."""
    stand_ins.dictionary_api.script.add(fault)
    try:
        found = asked("dictionary_api", DICTIONARY_API_URL=stand_ins.dictionary_api.url)
    finally:
        stand_ins.dictionary_api.script.clear()
    assert (found.state, part in found.reason) == (status, True), found.reason
    assert found.action


@pytest.mark.parametrize(
    ("reply", "status", "part", "action"),
    [
        (Reply(status=400, body={"error": {"status": "API_KEY_INVALID"}}), State.DOWN, "refuses the key", "GEMINI_API_KEY"),
        (Reply(status=403, body={"error": {}}), State.DOWN, "refuses the key", "GEMINI_API_KEY"),
        (Reply(status=404, body={"error": {}}), State.DEGRADED, "no list of models (404)", "GEMINI_API_ENDPOINT"),
        (Reply(body={"hello": 1}), State.DEGRADED, "no list of models (malformed)", "GEMINI_API_ENDPOINT"),
        (Reply(body={"models": [1]}), State.DEGRADED, "no list of models (malformed)", "GEMINI_API_ENDPOINT"),
        (Reply(body={"models": [{"name": "models/other"}]}), State.DEGRADED, "does not list the model", "GEMINI_MODEL"),
        (Reply(body={"models": [{"name": "models/other"}], "nextPageToken": "x"}), State.UP, "answers", ""),
        (Reply(status=503, body={"error": {}}), State.DOWN, "fails (503)", "left out"),
    ],
)
def test_a_gemini_that_cannot_be_used_names_the_setting(
    server: ScriptedServer, reply: Reply, status: State, part: str, action: str
) -> None:
    """The key, the address or the model; the key itself is not shown."""
    server.reply(reply)
    found = asked("gemini", GEMINI_API_ENDPOINT=server.url)
    assert (found.state, part in found.reason, action in found.action) == (status, True, True), found
    assert "a-key" not in str(found)


@pytest.mark.parametrize(("names", "status"), [("", State.DEGRADED), ("gemini", State.UP)])
def test_a_model_past_its_announced_end_is_a_warning(server: ScriptedServer, names: str, status: State) -> None:
    """Gemini answers, but the model in use may be gone tomorrow; a stand-in serves any model."""
    found = asked("gemini", GEMINI_API_ENDPOINT=server.url, GEMINI_MODEL="gemini-2.0-flash", PROSEPOLISH_STAND_INS=names)
    assert found.state is status
    assert ("2026-06-01" in found.reason) == (status is State.DEGRADED)


def test_whoever_only_listens_is_no_upstream() -> None:
    """A port that accepts and says nothing was called fine."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = [asked("dictionary_api", DICTIONARY_API_URL=address), asked("gemini", GEMINI_API_ENDPOINT=address)]
    assert [(each.state, "in time" in each.reason) for each in found] == [(State.DOWN, True)] * 2


def test_a_good_answer_is_remembered_and_a_bad_one_is_not(stand_ins: StandIns) -> None:
    """Health is asked for every few seconds and questions have a quota;
    whoever mends a setting wants to see it at once.
    """
    nowhere = {"REDIS_URL": "redis://127.0.0.1:1", "DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    calls: Callable[[], int] = stand_ins.dictionary_api.counts.total
    with Core.open(Config.from_env(nowhere | {"DICTIONARY_API_URL": stand_ins.dictionary_api.url})) as core:
        stand_ins.dictionary_api.script.add(Fault(FaultKind.NOT_FOUND, times=2))
        found, asked_for = [], []
        for _ in range(4):
            before = calls()
            found.append(core.upstreams.dictionary_api().state)
            asked_for.append(calls() - before)
    assert (found, asked_for) == ([State.DEGRADED, State.DEGRADED, State.UP, State.UP], [1, 1, 1, 0])
