"""Redis connections driven directly: redis-py connects and authenticates, then bytes go straight to the socket.

redis-py's generic command path costs more than the round trip itself. Nothing is ever repeated here except a request that
met a connection the server had closed while it lay idle, and only before any byte of a reply was seen.

A command may be sent without waiting for its reply (`post`): the connection owes it then, and whoever uses the connection next
reads it first. Connections are taken last in, first out, so a thread's next command follows what it has posted.
"""

import os
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

    __slots__ = ("_owner", "_receive", "_replies", "_send", "_timeout_s", "born", "owed", "settled")

    def __init__(self, pool: redis.ConnectionPool, timeout_s: float, born: int) -> None:
        self.born = born
        self._owner: Any = pool.connection_class(**{**pool.connection_kwargs, "protocol": 2})
        self._owner.connect()
        raw: socket.socket = self._owner._sock  # noqa: SLF001 - the one place that takes the socket over
        if not isinstance(raw, ssl.SSLSocket):  # the kernel keeps the deadline: a poll less for every call
            raw.settimeout(None)
            limit = struct.pack("ll", int(timeout_s), int(timeout_s % 1 * 1e6))
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self._send = raw.sendall
        self._receive = raw.recv
        self._replies = Replies()
        self._timeout_s = timeout_s
        #: Posted commands whose replies have not been read, oldest first; and replies read since, not yet handed over.
        self.owed: list[Settle] = []
        self.settled: list[tuple[Settle, Any]] = []

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

    def ask(self, request: bytes) -> Any:
        """One command, one reply. Error replies are given, not raised."""
        self._send(request)
        if self.owed:
            self.collect()
            reply = self._replies.gets()
            return self._rest(b" ") if reply is False else reply
        data = self._receive(_CHUNK)
        self._replies.feed(data)
        reply = self._replies.gets()
        return reply if reply is not False and data else self._rest(data)

    def ask_all(self, request: bytes, count: int) -> list[Any]:
        """Several commands packed together, their replies in order."""
        self._send(request)
        if self.owed:
            self.collect()
        found = []
        for _ in range(count):
            reply = self._replies.gets()
            found.append(self._rest(b" ") if reply is False else reply)
        return found

    def close(self) -> None:
        """Hang up."""
        self._owner.disconnect()

    def _rest(self, data: bytes, until: float = 0.0) -> Any:
        until = until or perf_counter() + self._timeout_s
        while True:
            if not data:
                raise ConnectionResetError
            if (reply := self._replies.gets()) is not False:
                return reply
            if perf_counter() > until:
                raise TimeoutError
            data = self._receive(_CHUNK)
            self._replies.feed(data)


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
