"""HTTP bounded in every direction, with and without TLS. What a client makes of it is in the contract suites."""

import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import sleep

import httpx
import pytest

from prosepolish_core.drivers.http_bounded import (
    SIGNS_OF_LIFE,
    STATUS,
    UpstreamFault,
    _BoundedTransport,
    bounded_client,
    deadline,
    fault_of,
)
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


def test_the_kernel_asks_the_other_side_for_signs_of_life(server: ScriptedServer, client: httpx.Client) -> None:
    """A reply that is lost on the way would else be waited for until the deadline."""
    with deadline(5):
        client.get(server.url)
    transport = client._transport
    assert isinstance(transport, _BoundedTransport)
    sockets = [stream.get_extra_info("socket") for stream in transport._backend._streams._open]
    (connected,) = [one for one in sockets if one.fileno() >= 0]
    assert [connected.getsockopt(level, name) for level, name, _ in SIGNS_OF_LIFE] == [value for *_, value in SIGNS_OF_LIFE]


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


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n" * 100,
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 999 Odd\r\n\r\n{}",
        b"HTTP/1.1 20\r\n\r\n{}",
        HEAD + b"Content-Length: -5\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 2000,
        HEAD + b"X: " + b"x" * 300_000 + b"\r\n\r\n{}",
        HEAD + b"X\x00Y: 1\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n{}",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        HEAD + b"\r\n" + b" " * 5000,
    ],
    ids=range(17),
)
def test_whatever_the_other_side_sends_is_a_fault(sent: bytes) -> None:
    """Broken HTTP of every kind ends in a typed fault in time, and in no other exception."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(5)
                while connection.recv(65536):
                    pass

        Thread(target=speak, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = bounded_client(url, max_bytes=1000, json_only=True)
        with client, pytest.raises(UpstreamFault) as caught, deadline(2.0):
            client.get(url)
    assert caught.value.outcome in {Outcome.ERROR, Outcome.TIMEOUT}


def test_a_head_that_drips_ends_at_the_deadline() -> None:
    """A reply whose head comes a byte at a time does not hold a thread either."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                for byte in HEAD + b"X: " + b"x" * 100_000:
                    connection.sendall(bytes([byte]))
                    sleep(0.01)

        Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = bounded_client(url, max_bytes=1000)
        with client, pytest.raises(UpstreamFault, match="deadline"), deadline(0.15):
            client.get(url)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 418, 429, 500, 502, 503, 504, 520, 522, 599])
def test_every_bad_status_has_a_type(status: int) -> None:
    """A row of the table, or an error with its number."""
    found = fault_of(status, httpx.Headers({"retry-after": "3"}))
    assert (found.outcome, found.detail) == STATUS.get(status, (Outcome.ERROR, str(status)))
    assert found.retry_after_s == 3.0


def test_no_caller_closes_the_connection_that_another_was_just_lent(server: ScriptedServer) -> None:
    """Connections are kept for about as long as the callers pause: each moment at which one grows too old occurs."""
    kept_s = 0.002

    def ask(seed: int) -> list[int]:
        pause = random.Random(seed)
        statuses = []
        for _ in range(200):
            with deadline(30):
                statuses.append(shared.post(server.url, content=b"{}").status_code)
            sleep(pause.uniform(0.5, 1.5) * kept_s)
        return statuses

    with bounded_client(server.url, max_bytes=1000, kept_s=kept_s) as shared, ThreadPoolExecutor(8) as crowd:
        assert list(crowd.map(ask, range(8))) == [[200] * 200] * 8
