"""Sockets under one deadline."""

import socket
import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import httpcore
import pytest

from prosepolish_core.drivers import http_deadline
from prosepolish_core.drivers.http_deadline import DeadlineBackend, deadline, left
from tests.support.waiting import PATIENCE_S, SOON_S, wait_for


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def resolver(*addresses: str) -> Callable[..., list[Any]]:
    """A `getaddrinfo` that knows these addresses of two.example, and is the real one for everything else."""
    real = socket.getaddrinfo

    def resolve(host: str, *rest: Any, **options: Any) -> list[Any]:
        return [answer for each in (addresses if host == "two.example" else (host,)) for answer in real(each, *rest, **options)]

    return resolve


def test_a_read_gets_the_time_that_is_left(silent_port: int) -> None:
    """The stream ignores the timeout it is given and obeys the deadline."""
    with deadline(0.05), pytest.raises(httpcore.TimeoutException):
        DeadlineBackend().connect_tcp("127.0.0.1", silent_port).read(10, timeout=60.0)


def test_names_are_resolved_within_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs costs no more than the deadline."""
    gate = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        gate.wait(PATIENCE_S)
        return []

    monkeypatch.setattr(http_deadline.socket, "getaddrinfo", hang)
    started = monotonic()
    with deadline(0.05), pytest.raises(httpcore.TimeoutException):
        DeadlineBackend().connect_tcp("slow.example", 80)
    assert monotonic() - started < SOON_S
    gate.set()


def test_a_hanging_resolver_is_asked_once_for_all_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers that come while a name is being looked up wait for that look-up; none starts a thread of its own."""
    gate, asked = threading.Event(), []

    def hang(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        gate.wait(PATIENCE_S)
        return []

    monkeypatch.setattr(http_deadline.socket, "getaddrinfo", hang)
    backend = DeadlineBackend()
    for _ in range(5):
        with deadline(0.02), pytest.raises(httpcore.TimeoutException):  # whichever wait uses it up
            backend.connect_tcp("slow.example", 80)
    wait_for(lambda: bool(asked))  # its thread may still be about to begin
    assert asked == ["slow.example"]
    gate.set()


def test_every_address_of_a_host_is_tried(monkeypatch: pytest.MonkeyPatch, silent_port: int) -> None:
    """A dead first address does not hide a living second one."""
    monkeypatch.setattr(http_deadline.socket, "getaddrinfo", resolver("127.0.0.2", "127.0.0.1"))
    with deadline(2.0):
        stream = DeadlineBackend().connect_tcp("two.example", silent_port)
    assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
    stream.close()


def test_a_silent_address_does_not_hide_a_living_one(monkeypatch: pytest.MonkeyPatch, silent_port: int) -> None:
    """A first address that swallows every packet leaves time for the second one."""
    with socket.socket() as full:
        full.bind(("127.0.0.2", silent_port))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]  # who fills the queue: nobody accepts, further calls are not answered
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.2", silent_port))
        monkeypatch.setattr(http_deadline.socket, "getaddrinfo", resolver("127.0.0.2", "127.0.0.1"))
        with deadline(4.0):
            stream = DeadlineBackend().connect_tcp("two.example", silent_port)
        assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
        stream.close()
        for each in waiting:
            each.close()


def test_a_connection_made_while_hanging_up_is_ended_too(monkeypatch: pytest.MonkeyPatch, silent_port: int) -> None:
    """Nobody is left waiting on a connection that was under way when everything else was hung up."""
    backend, real = DeadlineBackend(), httpcore.SyncBackend.connect_tcp

    def hung_up_meanwhile(*arguments: Any, **options: Any) -> httpcore.NetworkStream:
        stream = real(*arguments, **options)
        backend.hang_up()
        return stream

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", hung_up_meanwhile)
    with deadline(30.0):
        assert backend.connect_tcp("127.0.0.1", silent_port).read(10) == b""
        with pytest.raises(httpcore.ConnectError):
            backend.connect_tcp("127.0.0.1", silent_port)


def test_the_deadline_ends_with_its_block() -> None:
    """Inside, the time left shrinks; afterwards the cap counts again; a passed deadline raises."""
    with deadline(5):
        assert 4 < left() <= 5
    assert left() == http_deadline.LONGEST_S
    with deadline(0), pytest.raises(httpcore.TimeoutException):
        left()


def test_no_deadline_is_longer_than_the_cap() -> None:
    """A caller cannot ask for an hour."""
    with deadline(3600):
        assert left() <= http_deadline.LONGEST_S
