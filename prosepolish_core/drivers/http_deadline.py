"""Sockets that know when the whole request must be over:
every connect, read and write gets only the time that is left.
"""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from time import monotonic
from typing import Any
from weakref import WeakSet

import httpcore

#: No request may take longer than this, whatever its caller allows.
LONGEST_S = 60.0
#: When the running request must be over, on the monotonic clock.
_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Everything asked inside, names resolved and last byte read, is over within `seconds`."""
    token = _UNTIL.set(monotonic() + min(seconds, LONGEST_S))
    try:
        yield
    finally:
        _UNTIL.reset(token)


def left() -> float:
    """Seconds left for the running request. Raises httpcore.TimeoutException when there are none."""
    until = _UNTIL.get()
    if until is None:
        return LONGEST_S
    if (seconds := until - monotonic()) <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return seconds


class DeadlineBackend(httpcore.NetworkBackend):
    """httpcore's own sockets under the deadline.

    A per-read timeout alone would let a slow drip hold a thread for hours.
    """

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()
        self._streams = _Streams()
        self._names = _Names()

    def hang_up(self) -> None:
        """End every connection now, also under a thread that waits for a reply; refuse new ones."""
        self._streams.hang_up()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline decides
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Try each address of the host while there is time. One that is silent leaves half of it to those behind."""
        fault: Exception = httpcore.ConnectError("the host has no address")
        addresses = self._names.addresses(host, port)
        for address in addresses:
            if self._streams.over:
                break
            wait = left() if address is addresses[-1] else left() / 2
            try:
                stream = self._inner.connect_tcp(address, port, wait, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
            else:
                return _Stream(stream, self._streams)
        raise fault


class _Streams:
    """The open streams of a backend, until all of them are hung up; a stream that comes later is hung up at once."""

    def __init__(self) -> None:
        self.over = False
        self._lock = threading.Lock()
        self._open: WeakSet[_Stream] = WeakSet()

    def add(self, stream: "_Stream") -> None:
        with self._lock:
            self._open.add(stream)
            over = self.over
        if over:
            stream.hang_up()

    def hang_up(self) -> None:
        with self._lock:
            self.over = True
            found = list(self._open)
        for stream in found:
            stream.hang_up()


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, others: _Streams) -> None:
        self._inner = inner
        self._others = others
        others.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, left())

    def close(self) -> None:
        self._inner.close()

    def hang_up(self) -> None:
        """Closing a socket does not wake who reads from it; shutting it down does."""
        with suppress(OSError, AttributeError):
            self._inner.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left()), self._others)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Names:
    """Names resolved beside us and waited for: getaddrinfo knows no timeout. One look-up at a time for each name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, int], Future[list[str]]] = {}

    def addresses(self, host: str, port: int) -> list[str]:
        """The host's addresses; none when it has none. Raises httpcore.ConnectTimeout."""
        try:
            return [str(ipaddress.ip_address(host.strip("[]")))]
        except ValueError:
            pass
        with self._lock:
            answer = self._under_way.get((host, port))
            if answer is None:
                answer = self._under_way[host, port] = Future()
                threading.Thread(target=self._resolve, args=(host, port, answer), name="prosepolish-resolve", daemon=True).start()
        try:
            return answer.result(timeout=left())
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from None

    def _resolve(self, host: str, port: int, answer: Future[list[str]]) -> None:
        found: list[str] = []
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except (OSError, UnicodeError):
            pass  # no address: the caller is told so
        finally:
            with self._lock:
                del self._under_way[host, port]
            answer.set_result(found)
