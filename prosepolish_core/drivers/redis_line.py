"""Redis connections driven directly: redis-py connects and authenticates, then bytes go straight to the socket.

redis-py's generic command path costs more than the round trip itself. Nothing is ever repeated here except a request that
met a connection the server had closed while it lay idle, and only before any byte of a reply was seen.

A command may be sent without waiting for its reply (`post`): the connection owes it then, and whoever uses the connection next
reads it first. Connections are taken last in, first out, so a thread's next command follows what it has posted.
"""

import os
import select
import socket
import ssl
import struct
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

import redis
from hiredis import Reader as Replies
from hiredis import ReplyError

from ..errors import CacheUnavailable
from .redis_faults import unavailable

_CHUNK = 65536
#: A call that has this share of the usual time left is given all of it: setting the kernel's deadline is a system call.
_NEARLY = 0.95
#: What is called with the reply to a posted command; with None when the reply was lost. Must not raise.
Settle = Callable[[Any], None]


def pack(*arguments: str | bytes | int) -> bytes:
    """One command in the wire format."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        raw = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)


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
        until = self._keep_to(until)
        self._send(request)
        if self.owed:
            self.collect()
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
            self.collect()
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

    def collect(self) -> None:
        """Read what is owed."""
        until = perf_counter() + self._timeout_s
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
        """A reply of which at most the beginning is there, whole by the deadline. A byte now and then does not prolong it."""
        while True:
            if not data:
                raise ConnectionResetError
            if (reply := self._replies.gets()) is not False:
                return reply
            self._allow(until - perf_counter())
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


class Lines:
    """At most `size` connections to the server of one redis-py pool. Thread-safe; survives a fork."""

    def __init__(self, pool: redis.ConnectionPool, *, timeout_s: float, size: int) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self._size = size
        self.start_anew()
        _ALL.add(self)

    def ask(self, request: bytes) -> Any:
        """One command, one reply. Raises CacheUnavailable; an error reply counts as one."""
        reply = self._on_a_line(request, 0)
        if isinstance(reply, ReplyError):
            raise unavailable(reply)
        return reply

    def ask_all(self, request: bytes, count: int) -> list[Any]:
        """Several commands in one round trip. Error replies are in the list, not raised."""
        found: list[Any] = self._on_a_line(request, count)
        return found

    def post(self, request: bytes, settle: Settle) -> None:
        """One command whose reply is read before the connection's next one. Raises CacheUnavailable when it cannot be sent."""
        line: Line | None = None
        try:
            try:
                line = self._idle.pop()
            except IndexError:
                line = self._another()
            line.post(request, settle)
        except BaseException as error:
            if line is not None:
                self._drop(line)
            if isinstance(error, Exception):
                raise unavailable(error) from error
            raise
        self._give_back(line)

    def collect(self) -> bool:
        """Read every reply that idle connections owe; False when none did. Raises CacheUnavailable."""
        owing = [line for line in list(self._idle) if line.owed]
        for line in owing:
            try:
                self._idle.remove(line)
            except ValueError:  # somebody uses it, and reads what it owes
                continue
            try:
                line.collect()
            except BaseException as error:
                self._drop(line)
                if isinstance(error, Exception):
                    raise unavailable(error) from error
                raise
            self._give_back(line)
        return bool(owing)

    def reset(self) -> None:
        """Close every idle connection and refuse the ones in use when they come back."""
        self._born += 1
        while self._idle:
            self._drop(self._idle.pop())

    def start_anew(self) -> None:
        """Forget every connection without closing it: in a forked child they are the parent's."""
        self._idle: list[Line] = []
        self._freed = threading.Condition()
        self._waiting = 0
        self._made = 0
        self._born = 0

    def _on_a_line(self, request: bytes, count: int) -> Any:
        line: Line | None = None
        try:
            try:
                line = self._idle.pop()
            except IndexError:
                line = self._another()
                return self._converse(line, request, count)
            try:
                return self._converse(line, request, count)
            except (ConnectionError, redis.exceptions.ConnectionError):  # closed while it lay idle: its kin are gone too
                self._drop(line)
                line = None
                self.reset()
                line = self._another()
                return self._converse(line, request, count)
        except Exception as error:
            if line is not None:
                self._drop(line)
            raise unavailable(error) from error
        except BaseException:
            if line is not None:
                self._drop(line)
            raise

    def _converse(self, line: Line, request: bytes, count: int) -> Any:
        reply = line.ask_all(request, count) if count else line.ask(request)
        self._give_back(line)
        return reply

    def _give_back(self, line: Line) -> None:
        """For the next caller; then tell what came of posted commands, when nobody waits for this connection any more."""
        settled: Sequence[tuple[Settle, Any]] = ()
        if line.settled:  # an empty list must not be kept here: it is the next caller's to fill
            settled, line.settled = line.settled, []
        if line.born == self._born:
            self._idle.append(line)
            if self._waiting:
                with self._freed:
                    self._freed.notify()
        else:
            self._drop(line)
        for settle, reply in settled:
            settle(reply)

    def _another(self) -> Line:
        """A new connection, or one that comes back in time when there are as many as there may be."""
        until = perf_counter() + self._timeout_s
        with self._freed:
            self._waiting += 1
            try:
                while self._made >= self._size:
                    with suppress(IndexError):  # callers who do not wait may be quicker, and take no lock
                        return self._idle.pop()
                    if not self._freed.wait(until - perf_counter()):
                        raise CacheUnavailable("refused", "pool_exhausted")
            finally:
                self._waiting -= 1
            self._made += 1
        try:
            return Line(self._pool, self._timeout_s, self._born)
        except BaseException:
            self._gone()
            raise

    def _drop(self, line: Line) -> None:
        line.close()
        self._gone()
        settled, owed = line.settled, line.owed
        line.settled, line.owed = [], []
        for settle, reply in settled:
            settle(reply)
        for settle in owed:
            settle(None)

    def _gone(self) -> None:
        with self._freed:
            self._made -= 1
            self._freed.notify()


_ALL: "weakref.WeakSet[Lines]" = weakref.WeakSet()


def _in_the_child() -> None:
    for lines in list(_ALL):
        lines.start_anew()


os.register_at_fork(after_in_child=_in_the_child)
