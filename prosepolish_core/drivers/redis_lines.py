"""The connections to one Redis server:
taken last in, first out, so that a thread's next command follows what it has posted.

Nothing is ever repeated here except a request that met a connection the server had closed while it lay idle, and only
before any byte of a reply was seen. New connections are made beside the callers, so that even a hanging hand-shake
keeps their deadline.
"""

import threading
from _thread import start_new_thread
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

import redis
from hiredis import ReplyError

from ..errors import CacheUnavailable
from ..forks import on_fork
from .redis_client import LazyCluster
from .redis_faults import unavailable
from .redis_line import Line, Settle

#: The server has no room for one more connection; those that we have still serve.
FULL = "max_clients"


class Lines:
    """At most `size` connections to the server of one redis-py pool. Thread-safe; survives a fork."""

    def __init__(self, pool: redis.ConnectionPool, *, timeout_s: float, size: int) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self._size = size
        self.start_anew()
        on_fork(self)

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
        """One command whose reply is read before the connection's next one.

        Raises CacheUnavailable when it cannot be sent.
        """
        line: Line | None = None
        try:
            try:
                line = self._idle.pop()
            except IndexError:
                line = self._another(perf_counter() + self._timeout_s)
            line.post(request, settle)
        except BaseException as error:
            self.drop(line)
            if isinstance(error, Exception):
                raise unavailable(error) from error
            raise
        self.give_back(line)

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
                self.drop(line)
                if isinstance(error, Exception):
                    raise unavailable(error) from error
                raise
            self.give_back(line)
        return bool(owing)

    def borrow(self, until: float, sure_s: float) -> Line:
        """A connection for a command that must not be repeated: one idle for longer than `sure_s` is looked at first.

        Give it back, or drop it. Raises CacheUnavailable.
        """
        try:
            while True:
                try:
                    line = self._idle.pop()
                except IndexError:
                    return self._another(until)
                if perf_counter() - line.used_at <= sure_s or line.is_silent():
                    return line
                self.drop(line)
        except Exception as error:
            raise unavailable(error) from error

    def give_back(self, line: Line) -> None:
        """For the next caller; then tell what came of posted commands,
        when nobody waits for this connection any more.
        """
        settled: Sequence[tuple[Settle, Any]] = ()
        if line.settled:  # an empty list must not be kept here: it is the next caller's to fill
            settled, line.settled = line.settled, []
        if line.born == self._born:
            self._idle.append(line)
            if self._waiting:
                with self._freed:
                    self._freed.notify()
        else:
            self.drop(line)
        for settle, reply in settled:
            settle(reply)

    def drop(self, line: Line | None) -> None:
        """Hang up; what the connection owed is lost."""
        if line is None:
            return
        line.close()
        with self._freed:
            self._made -= 1
            self._freed.notify()
        settled, owed = line.settled, line.owed
        line.settled, line.owed = [], []
        for settle, reply in settled:
            settle(reply)
        for settle in owed:
            settle(None)

    def leave(self, line: Line) -> None:
        """Hang up this connection, and all its kin:
        they lead to the same server, which hangs, is gone or is the wrong one.
        """
        self.drop(line)
        self.reset()

    def reset(self) -> None:
        """Close every idle connection and refuse the ones in use when they come back."""
        self._born += 1
        while True:
            try:
                line = self._idle.pop()
            except IndexError:
                return
            self.drop(line)

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
                return self._on_another(request, count)
            try:
                return self._converse(line, request, count)
            except (ConnectionError, redis.exceptions.ConnectionError):  # closed while it lay idle: its kin are gone too
                self.drop(line)
                line = None
                self.reset()
                return self._on_another(request, count)
        except BaseException as error:
            self.drop(line)
            if isinstance(error, Exception):
                raise unavailable(error) from error
            raise

    def _on_another(self, request: bytes, count: int) -> Any:
        """The same on a connection that is not there yet: one deadline for making it and for the reply."""
        until = perf_counter() + self._timeout_s
        line = self._another(until)
        try:
            return self._converse(line, request, count, until)
        except BaseException:
            self.drop(line)
            raise

    def _converse(self, line: Line, request: bytes, count: int, until: float = 0.0) -> Any:
        reply = line.ask_all(request, count, until) if count else line.ask(request, until)
        self.give_back(line)
        return reply

    # --- new connections ---

    def _another(self, until: float) -> Line:
        """A new connection, or one that comes back in time when there are as many as there may be."""
        attempt: _Attempt | None = None
        with self._freed:
            self._waiting += 1
            try:
                while True:
                    with suppress(IndexError):  # callers who do not wait may be quicker, and take no lock
                        return self._idle.pop()
                    if attempt is not None and attempt.fault is not None and not (attempt.fault.detail == FULL and self._made):
                        raise attempt.fault
                    if (attempt is None or attempt.over) and self._made < self._size:
                        attempt = self._connect_beside()
                    if not self._freed.wait(until - perf_counter()):
                        hung = attempt is not None and not attempt.over and attempt.fault is None
                        raise TimeoutError if hung else CacheUnavailable("refused", "pool_exhausted")
            finally:
                self._waiting -= 1

    def _connect_beside(self) -> "_Attempt":
        attempt = _Attempt()
        start_new_thread(self._connect, (attempt, self._born))  # not Thread.start, which waits until the thread runs
        self._made += 1
        return attempt

    def _connect(self, attempt: "_Attempt", born: int) -> None:
        try:
            line = Line(self._pool, self._timeout_s, born)
        except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
            attempt.fault = unavailable(error)
            with self._freed:
                self._made -= 1
                self._freed.notify_all()
            return
        attempt.over = True
        self.give_back(line)


class _Attempt:
    """One connection being made: whether that is over, and what went wrong."""

    __slots__ = ("fault", "over")

    def __init__(self) -> None:
        self.over = False
        self.fault: CacheUnavailable | None = None


def has_lines(client: Any) -> bool:
    """Whether the client has real sockets to one server; a cluster's client, and stand-ins like fakeredis, have not."""
    if isinstance(client, LazyCluster | redis.RedisCluster):
        return False
    pool = getattr(client, "connection_pool", None)
    return pool is not None and pool.connection_class.__module__.startswith("redis.")
