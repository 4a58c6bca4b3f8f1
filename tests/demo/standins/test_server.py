"""The stand-ins over real HTTP."""

import json
import time
from collections.abc import Iterator

import httpx
import pytest

from demo.standins import Fault, FaultKind, StandIns

WORD = "/api/v2/entries/en/eloquent"


@pytest.fixture(scope="module")
def module_up() -> Iterator[StandIns]:
    """Both stand-ins, a thousand times faster than the real ones."""
    with StandIns(speed=1000, limit=1_000_000) as running:
        yield running


@pytest.fixture
def up(module_up: StandIns) -> StandIns:
    """The stand-ins without faults."""
    for upstream in (module_up.dictionary_api, module_up.gemini):
        upstream.script.clear()
    return module_up


@pytest.fixture
def client(up: StandIns) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=up.dictionary_api.url, timeout=2.0, trust_env=False) as opened:
        yield opened


def test_a_connection_is_kept_for_the_next_request(client: httpx.Client) -> None:
    """Answers come one after the other on one connection, with their own status each."""
    assert [client.get(WORD).status_code, client.get(WORD + "qqzx").status_code, client.get("/").status_code] == [200, 404, 404]


@pytest.mark.parametrize("status", [429, 500, 502, 522])
def test_a_scripted_status_is_answered(up: StandIns, client: httpx.Client, status: int) -> None:
    """Every status can be had; after its times the right answer is back."""
    up.dictionary_api.script.add(Fault(FaultKind.STATUS, status=status, times=1))

    assert [client.get(WORD).status_code, client.get(WORD).status_code] == [status, 200]


@pytest.mark.parametrize(
    ("kind", "error"), [(FaultKind.RESET, httpx.RemoteProtocolError), (FaultKind.TRUNCATE, httpx.RemoteProtocolError)]
)
def test_broken_connections_are_really_broken(up: StandIns, client: httpx.Client, kind: FaultKind, error: type[Exception]) -> None:
    """The client sees the connection end where the fault says."""
    up.dictionary_api.script.add(Fault(kind, times=1))

    with pytest.raises(error):
        client.get(WORD)


@pytest.mark.parametrize("kind", [FaultKind.GARBAGE, FaultKind.CHARSET])
def test_spoilt_bodies_are_no_json(up: StandIns, client: httpx.Client, kind: FaultKind) -> None:
    """The status says 200, the body cannot be read."""
    up.dictionary_api.script.add(Fault(kind, times=1))

    answer = client.get(WORD)

    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"utf-8|Expecting value"):
        answer.json()


def test_a_body_may_drip_or_be_huge(up: StandIns, client: httpx.Client) -> None:
    """A dripping body takes its time; a huge one is as large as was scripted, and both are right in the end."""
    up.dictionary_api.script.add(Fault(FaultKind.DRIP, delay_s=0.2, times=1))
    up.dictionary_api.script.add(Fault(FaultKind.HUGE, size=100_000, times=1))

    began = time.monotonic()
    dripped = client.get(WORD).json()

    assert time.monotonic() - began >= 0.15
    huge = client.get(WORD)
    assert len(huge.content) > 100_000
    assert huge.json() == dripped


def test_a_hanging_request_ends_with_the_clients_patience(up: StandIns, client: httpx.Client) -> None:
    """Nothing comes back."""
    up.dictionary_api.script.add(Fault(FaultKind.HANG, times=1))

    with pytest.raises(httpx.ReadTimeout):
        client.get(WORD, timeout=0.1)


def test_delays_lie_in_the_real_bands(up: StandIns) -> None:
    """200 to 500 ms and 1 to 2 s, divided by the speed; a list of models takes no thinking."""
    for upstream, path, low, high in (
        (up.dictionary_api, "/api/v2/entries/en/word", 0.2, 0.5),
        (up.gemini, "/v1beta/models/m:generateContent", 1.0, 2.0),
        (up.gemini, "/v1beta/models", 0.1, 0.2),
    ):
        assert all(low <= upstream.delay_s(path) * upstream.speed <= high for _ in range(100))


def test_the_control_endpoint_scripts_faults_and_tells_the_calls(up: StandIns, client: httpx.Client) -> None:
    """What is posted happens, shows in the list, is counted, and goes away when cleared."""
    before = httpx.get(up.control.url + "/calls").json()["dictionary_api"].get("503", 0)
    told = httpx.post(up.control.url + "/faults", json={"upstream": "dictionary_api", "kind": "status", "times": 5}).json()

    assert told["dictionary_api"][0]["kind"] == "status"
    assert client.get(WORD).status_code == 503
    assert httpx.get(up.control.url + "/calls").json()["dictionary_api"]["503"] == before + 1
    assert httpx.post(up.control.url + "/clear").json() == {"dictionary_api": [], "gemini": []}
    assert client.get(WORD).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/faults", {"upstream": "gemini", "kind": "earthquake"}, 400),
        ("/faults", {"upstream": "nobody", "kind": "slow"}, 404),
        ("/speed", {"factor": 0}, 400),
        ("/nowhere", {}, 404),
        ("/faults", [1], 400),
    ],
)
def test_the_control_endpoint_says_what_is_wrong(up: StandIns, path: str, body: object, status: int) -> None:
    """A wrong request changes nothing and is told why."""
    answer = httpx.post(up.control.url + path, content=json.dumps(body))

    assert answer.status_code == status
    assert answer.json()["error"]
    assert up.gemini.script.waiting() == []
