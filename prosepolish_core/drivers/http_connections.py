"""Kept connections to one upstream: each is lent to one request, and nobody else touches it meanwhile.

httpcore's own pool lets any caller close a connection that has just been assigned to another caller, at the moment it
has been idle for as long as it may: a request that was already sent, and paid for, then ends in "bad file descriptor".
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

from .http_deadline import DeadlineBackend, left


class KeptConnections:
    """At most `size` requests at a time; a connection that was idle for `kept_s` is closed, not used."""

    def __init__(
        self, *, size: int, kept_s: float, tls: ssl.SSLContext | None, backend: DeadlineBackend, options: tuple[Any, ...]
    ) -> None:
        self._kept_s, self._tls, self._backend, self._options = kept_s, tls, backend, options
        self._room = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        #: The one used last is at the end, and is lent first.
        self._idle: list[httpcore.HTTPConnection] = []

    @contextmanager
    def reply(self, request: httpcore.Request) -> Iterator[httpcore.Response]:
        """The reply up to its headers; its body is read inside. Raises what httpcore raises."""
        if not self._room.acquire(timeout=left()):
            raise httpcore.PoolTimeout("every connection is busy")
        try:
            connection, response = self._begun(request)
            try:
                yield response
            finally:
                response.close()
                self._give_back(connection)
        finally:
            self._room.release()

    def forget_idle(self) -> None:
        """Close what nobody uses: a request was lost on the way, and the others may lead nowhere as well."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _begun(self, request: httpcore.Request) -> tuple[httpcore.HTTPConnection, httpcore.Response]:
        """A kept connection may be closed by the other side just as we ask: then a GET, which changes nothing, is sent
        once more, on a connection of its own. A POST is never sent twice: it would be paid for twice.
        """
        origin = request.url.origin
        kept = self._take(origin)
        if kept is not None:
            try:
                return kept, kept.handle_request(request)
            except (httpcore.NetworkError, httpcore.ProtocolError):
                if request.method != b"GET":
                    raise
                self.forget_idle()
        fresh = self._another(origin)
        return fresh, fresh.handle_request(request)

    def _another(self, origin: httpcore.Origin) -> httpcore.HTTPConnection:
        return httpcore.HTTPConnection(
            origin,
            ssl_context=self._tls,
            keepalive_expiry=self._kept_s,
            network_backend=self._backend,
            socket_options=self._options,
        )

    def _take(self, origin: httpcore.Origin) -> httpcore.HTTPConnection | None:
        """A kept connection that can be used, now the caller's alone."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None or (connection.can_handle_request(origin) and not connection.has_expired()):
                return connection
            connection.close()

    def _give_back(self, connection: httpcore.HTTPConnection) -> None:
        if connection.is_closed() or not connection.is_idle():
            connection.close()  # its request was not ended in order: an answer may still be on its way
            return
        with self._lock:
            self._idle.append(connection)
            old = [one for one in self._idle if one.has_expired()]
            self._idle = [one for one in self._idle if one not in old]
        for one in old:
            one.close()
