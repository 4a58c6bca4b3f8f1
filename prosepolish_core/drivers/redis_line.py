"""One Redis connection driven directly: redis-py connects and authenticates, then bytes go straight to the socket.

redis-py's generic command path costs more than the round trip itself, and its time-out begins again with every byte.

A command may be sent without waiting for its reply (`post`): the connection owes that reply then, and whoever uses the
connection next reads it first.
"""

import select
import socket
import ssl
import struct
from collections.abc import Callable
from time import perf_counter
from typing import Any

import redis
from hiredis import Reader as Replies

_CHUNK = 65536
#: Longest reply. A thousand of our values have 10 MB; an INFO, or a list of ten thousand clients, has less.
MOST_BYTES = 32 * 1024 * 1024
#: A call that has this share of the usual time left is given all of it: setting the kernel's deadline is a system call.
_NEARLY = 0.95
#: What is called with the reply to a posted command; with None when the reply was lost. Must not raise.
Settle = Callable[[Any], None]


class Line:
    """One connection. Not for two threads at once; broken for good after any failure."""

    __slots__ = (
        "_allowed_s",
        "_kernel",
        "_news",
        "_owner",
        "_raw",
        "_receive",
        "_replies",
        "_send",
        "_timeout_s",
        "born",
        "owed",
        "settled",
        "used_at",
    )

    def __init__(self, pool: redis.ConnectionPool, timeout_s: float, born: int) -> None:
        self.born = born
        self._owner: Any = pool.connection_class(**{**pool.connection_kwargs, "protocol": 2})
        self._owner.connect()
        self._raw: socket.socket = self._owner._sock  # noqa: SLF001 - the one place that takes the socket over
        self._kernel = not isinstance(self._raw, ssl.SSLSocket)
        if self._kernel:  # the kernel keeps the deadline: a poll less for every call
            self._raw.settimeout(None)
            self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(timeout_s))
        self._send = self._raw.sendall
        self._receive = self._raw.recv
        self._news = select.poll()
        self._news.register(self._raw, select.POLLIN)
        self._replies = Replies()
        self._timeout_s = timeout_s
        self._allow(timeout_s)
        self.used_at = perf_counter()
        #: Posted commands whose replies have not been read, oldest first; and replies read since, not yet handed over.
        self.owed: list[Settle] = []
        self.settled: list[tuple[Settle, Any]] = []

    def ask(self, request: bytes, until: float = 0.0) -> Any:
        """One command, one reply, by then at the latest (by default within the connection's own time-out).

        Error replies are given, not raised.
        """
        usual = not until and self._allowed_s == self._timeout_s  # then a call less: it would cost a hundredth of a hit
        until = perf_counter() + self._timeout_s if usual else self._keep_to(until)
        self._send(request)
        if self.owed:
            self.collect(until)
            reply = self._replies.gets()
            return self._rest(b" ", until) if reply is False else reply
        data = self._receive(_CHUNK)
        self._replies.feed(data)
        reply = self._replies.gets()
        return reply if reply is not False and data else self._rest(data, until)

    def ask_all(self, request: bytes, count: int, until: float = 0.0) -> list[Any]:
        """Several commands packed together, their replies in order."""
        until = self._keep_to(until)
        self._send(request)
        if self.owed:
            self.collect(until)
        found = []
        for _ in range(count):
            reply = self._replies.gets()
            found.append(self._rest(b" ", until) if reply is False else reply)
        return found

    def send(self, request: bytes) -> None:
        """Commands whose replies are taken one by one with `take`."""
        self._send(request)

    def take(self, until: float) -> Any:
        """The next reply, by then at the latest."""
        reply = self._replies.gets()
        return self._rest(b" ", until) if reply is False else reply

    def post(self, request: bytes, settle: Settle) -> None:
        """One command, whose reply is left for later."""
        self._send(request)
        self.owed.append(settle)

    def collect(self, until: float = 0.0) -> None:
        """Read what is owed."""
        until = until or self._keep_to(until)
        while self.owed:
            reply = self._replies.gets()
            if reply is False:
                reply = self._rest(b" ", until)
            self.settled.append((self.owed.pop(0), reply))

    def is_silent(self) -> bool:
        """Whether nothing has come in since the last reply: bytes or an end mean that the connection cannot be used."""
        return not self._replies.has_data() and not self._news.poll(0)

    def close(self) -> None:
        """Hang up."""
        self._owner.disconnect()

    def _keep_to(self, until: float) -> float:
        """Until when to wait. Nearly always that is the connection's own time-out, which the kernel knows already."""
        now = perf_counter()
        left = until - now if until else self._timeout_s
        wanted = self._timeout_s if _NEARLY * self._timeout_s <= left <= self._timeout_s else left
        if wanted != self._allowed_s:
            self._allow(wanted)
        return until or now + left

    def _rest(self, data: bytes, until: float) -> Any:
        """A reply of which at most the beginning is there, whole by the deadline and not longer than `MOST_BYTES`.

        A byte now and then does not prolong it.
        """
        size = 0
        while True:
            if not data:
                raise ConnectionResetError
            if (size := size + len(data)) > MOST_BYTES:
                raise redis.InvalidResponse("too long")
            if (reply := self._replies.gets()) is not False:
                return reply
            if (left := until - perf_counter()) < _NEARLY * self._allowed_s:
                self._allow(left)
            data = self._receive(_CHUNK)
            self._replies.feed(data)

    def _allow(self, seconds: float) -> None:
        """The longest that one read may take from here on."""
        if seconds <= 0:
            raise TimeoutError
        self._allowed_s = seconds
        if self._kernel:
            self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(seconds))
        else:
            self._raw.settimeout(seconds)


def _timeval(seconds: float) -> bytes:
    return struct.pack("ll", int(seconds), max(int(seconds % 1 * 1e6), 1))
