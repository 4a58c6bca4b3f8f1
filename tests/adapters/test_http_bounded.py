"""HTTP bounded in every direction, with and without TLS. What a client makes of it is in the contract suites."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import httpx
import pytest

from prosepolish_core.adapters.http_bounded import STATUS, UpstreamFault, bounded_client, deadline, fault_of
from prosepolish_core.model.outcome import Outcome
from tests.support.http_server import Reply, ScriptedServer, scripted_server
from tests.support.tls import self_signed


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate for loopback."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A scripted server, once plain and once under TLS with a certificate that we trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with scripted_server(Reply(body={"a": 1}), certificate=certificate if request.param == "https" else None) as running:
        yield running


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[httpx.Client]:
    """A client of that server, for JSON only."""
    with bounded_client(server.url, max_bytes=1000, json_only=True) as made:
        yield made


def fault(client: httpx.Client, server: ScriptedServer, timeout_s: float = 5.0) -> tuple[Outcome, str]:
    """The fault that asking ends in."""
    with pytest.raises(UpstreamFault) as caught, deadline(timeout_s):
        client.get(server.url)
    return caught.value.outcome, caught.value.detail


def test_a_good_reply_passes_whole(server: ScriptedServer, client: httpx.Client) -> None:
    """Status, headers and body arrive; several requests share a connection."""
    for _ in range(3):
        with deadline(5):
            assert client.get(server.url).json() == {"a": 1}
    assert server.connections == 1


@pytest.mark.parametrize("scripted", [Reply(body={"a": 1}, delay_s=5.0), Reply(body={"a": "x" * 900}, drip_s=0.01)])
def test_the_deadline_is_total(server: ScriptedServer, client: httpx.Client, scripted: Reply) -> None:
    """Silence and a drip end at the deadline, under TLS too."""
    server.reply(scripted)
    assert fault(client, server, 0.15) == (Outcome.TIMEOUT, "deadline")


def test_the_cap_is_exact(server: ScriptedServer, client: httpx.Client) -> None:
    """1,000 bytes pass, 1,001 do not."""
    server.reply(Reply(body=b'"' + b"x" * 998 + b'"'))
    assert fault(client, server) == (Outcome.ERROR, "malformed")
    server.reply(Reply(body=b'{"a":"' + b"x" * 992 + b'"}'))
    with deadline(5):
        assert len(client.get(server.url).content) == 1000
    server.reply(Reply(body=b'{"a":"' + b"x" * 993 + b'"}'))
    assert fault(client, server) == (Outcome.ERROR, "too_large")


def test_closing_wakes_who_waits(server: ScriptedServer, client: httpx.Client) -> None:
    """A request under way ends at once when the client is closed, and none can begin afterwards."""
    server.reply(Reply(body={}, delay_s=30.0))
    found: list[tuple[Outcome, str]] = []
    waiting = Thread(target=lambda: found.append(fault(client, server, 25.0)))
    waiting.start()
    while not server.requests:
        waiting.join(0.01)
    client.close()
    waiting.join(10.0)
    assert found == [(Outcome.ERROR, "disconnected")]


def test_an_untrusted_certificate_is_refused(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without our trust file nothing is sent."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with scripted_server(Reply(body={}), certificate=certificate) as server:
        with bounded_client(server.url, max_bytes=1000) as client:
            assert fault(client, server) == (Outcome.ERROR, "connect")
        assert server.requests == []


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 418, 429, 500, 502, 503, 504, 520, 522, 599])
def test_every_bad_status_has_a_type(status: int) -> None:
    """A row of the table, or an error with its number."""
    found = fault_of(status, httpx.Headers({"retry-after": "3"}))
    assert (found.outcome, found.detail) == STATUS.get(status, (Outcome.ERROR, str(status)))
    assert found.retry_after_s == 3.0
