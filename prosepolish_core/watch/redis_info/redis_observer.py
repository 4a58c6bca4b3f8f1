"""The collectors' own Redis connection: one per instance, kept open, every byte and call on it counted by who asked.

Whatever an instance answers becomes an answer, or a typed fault in the answer's place; the next command is asked all
the same.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hiredis import ReplyError
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection, ConnectionPool
from redis.retry import Retry

from ...addresses.redis_address import RedisAddress, RedisKind
from ...drivers.redis_client import connect, pool_of
from ...drivers.redis_line import Line
from ...drivers.redis_wire import pack
from ...errors import NoAnswer, SourceRefused, SourceTimeout, SourceUnavailable, SourceUnreadable
from ...forks import on_fork
from .refusals import OF_THE_CONNECTION, Refusals, reason_of, typed
from .reply_shapes import SHAPES, command_name, question

CLIENT_NAME = "prosepolish-collector"
#: After a failed connection nobody but the INFO collector tries again before this has passed.
RECONNECT_S = 1.0
#: A reply that has come already is read even when the time is over: another instance may have used it up.
LEAST_S = 0.005
#: Commands that mean the selected database; the others mean the server.
OF_A_DATABASE = frozenset({"dbsize", "scan", "memory|usage", "pttl"})

Command = tuple[str | int | bytes, ...]


class Dropped(SourceUnavailable):
    """A kept connection was closed while it lay idle: a server's `timeout`, a proxy, CLIENT KILL."""


@dataclass(slots=True)
class Charge:
    """What one collector caused on one instance since this process began: the footprint ledger's row."""

    calls: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    hits: int = 0
    misses: int = 0
    errors: int = 0
    commands: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Observer:
    """One kept connection to one instance. Opens nothing until first asked; safe to share between threads."""

    def __init__(self, url: str, *, timeout_s: float = 2.0) -> None:
        self.timeout_s = timeout_s
        self.charges: dict[str, Charge] = defaultdict(Charge)
        self.refusals = Refusals()
        #: How often a connection was opened.
        self.opened = 0
        self._pool = quiet_pool(url, timeout_s)
        self._database = int(self._pool.connection_kwargs.pop("db", None) or 0)
        self._elsewhere: NoAnswer | None = None
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """Not connected; so also in a forked child, where the connection is the parent's."""
        self.lock = threading.RLock()
        self._line: Line | None = None
        self._kept = self._over = False
        self._failed_at = -RECONNECT_S

    @property
    def connected(self) -> bool:
        """Whether the connection is believed to stand."""
        return self._line is not None

    def connect(self) -> None:
        """Open the connection if it is not. Raises SourceUnavailable, SourceTimeout or NoAnswer.

        Something that has come in unasked is an end, or would be taken for the answer to another question: then it
        begins anew.
        """
        with self.lock:
            if self._line is not None:
                if self._line.is_silent():
                    return
                self.close()
            if self._over:
                raise SourceUnavailable("stopped")
            try:
                self._line = Line(self._pool, self.timeout_s, 0)
                self.opened += 1
                self._kept = False
                self._introduce(self._line)
            except NoAnswer:
                self._failed_at = time.monotonic()
                self.close()
                raise
            except Exception as error:  # noqa: BLE001 - whatever the other side sends
                self._failed_at = time.monotonic()
                self.close()
                raise typed(error) from None

    def ask(self, who: str, *command: str | int | bytes, timeout_s: float | None = None) -> Any:
        """The reply to one command. Raises NoAnswer (a refusal is remembered), SourceTimeout or SourceUnavailable."""
        (reply,) = self.ask_all(who, [command], timeout_s=timeout_s)
        if isinstance(reply, NoAnswer):
            raise reply
        return reply

    def ask_all(self, who: str, commands: Sequence[Command], *, timeout_s: float | None = None) -> list[Any]:
        """The replies to several commands in one round trip; one without an answer has its NoAnswer in its place.

        Raises SourceUnavailable or SourceTimeout when none is answered.
        """
        with self.lock:
            silent = self._silent(commands)
            asked = [command for command, refusal in zip(commands, silent, strict=True) if not refusal]
            if not asked:
                return silent
            if self._line is None and time.monotonic() - self._failed_at < RECONNECT_S:
                raise SourceUnavailable("not connected")
            until = time.perf_counter() + (self.timeout_s if timeout_s is None else timeout_s)
            replies = iter(self._converse(who, asked, until))
            return [refusal or next(replies) for refusal in silent]

    def _silent(self, commands: Sequence[Command]) -> list[SourceRefused | None]:
        """What rests, by its place.

        A question that was refused and is tried again is tried once, however often it stands there.
        """
        if not self.refusals:
            return [None] * len(commands)
        found: list[SourceRefused | None] = []
        tried: set[str] = set()
        for asked in map(question, commands):
            known = self.refusals.get(asked)
            rests = known is not None and (asked in tried or self.refusals.resting(asked))
            found.append(SourceRefused(known.reason, asked) if known and rests else None)
            tried.add(asked)
        return found

    def _converse(self, who: str, commands: Sequence[Command], until: float) -> list[Any]:
        try:
            self.send(who, commands)
            return self.receive(who, commands, until)
        except Dropped:  # every question of ours only reads: it may be asked again
            self.send(who, commands)
            return self.receive(who, commands, until)

    def send(self, who: str, commands: Sequence[Command]) -> None:
        """Send without waiting. The caller holds `lock` and must `receive` the same commands."""
        self.connect()
        packed = b"".join([pack(*command) for command in commands])
        try:
            self._open_line().send(packed)
        except OSError as error:
            raise self._lost(error) from None
        self.charge(who, commands, len(packed))

    def receive(self, who: str, commands: Sequence[Command], until: float) -> list[Any]:
        """The replies, each an answer or a NoAnswer.

        Raises SourceTimeout or SourceUnavailable when the first does not come.
        """
        line, charge = self._open_line(), self.charges[who]
        found: list[Any] = []
        for command in commands:
            try:
                reply = line.take(max(until, time.perf_counter() + LEAST_S))
                charge.bytes_in += size_of(reply)
            except OSError as error:
                fault = self._lost(error)
                if not found:
                    raise fault from None
                return found + [SourceUnreadable(question(c), "no answer") for c in commands[len(found) :]]
            except Exception:  # noqa: BLE001 - bytes that are no reply, or one that cannot be built; what follows is lost
                self.close()
                return found + [SourceUnreadable(question(c)) for c in commands[len(found) :]]
            found.append(self._judged(charge, command, reply))
        self._kept = True
        if any(isinstance(reply, SourceUnreadable) for reply in found):  # whose answer it was is not known
            self.close()
        return found

    def charge(self, who: str, commands: Sequence[Command], bytes_out: int) -> None:
        """These were sent, on this connection or on a further one."""
        charge = self.charges[who]
        charge.calls += len(commands)
        charge.bytes_out += bytes_out
        for command in commands:
            charge.commands[command_name(command)] += 1

    def another(self) -> AbstractConnection:
        """A further connection to the same instance, not yet open: listening keeps one busy."""
        connection: AbstractConnection = self._pool.connection_class(**self._pool.connection_kwargs)
        return connection

    def close(self) -> None:
        """Hang up."""
        with self.lock:
            line, self._line = self._line, None
            if line is not None:
                line.close()

    def abort(self) -> None:
        """Hang up beneath whoever waits for an answer just now, and connect no more; called when the process ends."""
        self._over = True
        line = self._line
        if line is not None:
            line.close()

    @contextmanager
    def held(self, timeout_s: float) -> Iterator[None]:
        """Hold the connection for a send and its receives.

        Raises SourceTimeout when another collector does not let go.
        """
        if not self.lock.acquire(timeout=timeout_s):
            raise SourceTimeout("busy with another collector")
        try:
            yield
        finally:
            self.lock.release()

    def _introduce(self, line: Line) -> None:
        """Say our name and choose the database: a server may refuse both, and is read all the same."""
        wishes: list[Command] = [("CLIENT", "SETNAME", CLIENT_NAME)]
        if self._database:
            wishes.append(("SELECT", self._database))
        wishes = [wish for wish in wishes if not self.refusals.resting(question(wish))]
        until = time.perf_counter() + self.timeout_s
        for wish, reply in zip(wishes, line.ask_all(b"".join([pack(*wish) for wish in wishes]), len(wishes), until), strict=True):
            if isinstance(reply, ReplyError):
                reason = reason_of(reply)
                if reason in OF_THE_CONNECTION:
                    raise typed(reply)
                self.refusals.note(question(wish), reason)
            else:
                self.refusals.pop(question(wish), None)
        self._elsewhere = self.refusals.resting("select") if self._database else None

    def _judged(self, charge: Charge, command: Command, reply: Any) -> Any:
        if isinstance(reply, ReplyError):
            charge.errors += 1
            return self.refusals.note(question(command), reason_of(reply))
        name = command_name(command)
        if self._elsewhere and name in OF_A_DATABASE:
            return self._elsewhere
        if name in SHAPES and not SHAPES[name](reply):
            return SourceUnreadable(question(command))
        if self.refusals:
            self.refusals.pop(question(command), None)  # it is run for us again: a rights change, an upgrade
        return reply

    def _open_line(self) -> Line:
        if self._line is None:
            raise SourceUnavailable("not connected")
        return self._line

    def _lost(self, error: OSError) -> SourceUnavailable:
        """Hang up after a failure. A kept connection that was found closed is worth another try."""
        kept, self._kept = self._kept, False
        self.close()
        if isinstance(error, TimeoutError | BlockingIOError):
            return SourceTimeout("no answer in time")
        return Dropped("hung up") if kept else SourceUnavailable("hung up")


def size_of(reply: Any) -> int:
    """Bytes of a reply's payload (framing not counted)."""
    if isinstance(reply, bytes):
        return len(reply)
    if isinstance(reply, dict):
        return sum(size_of(k) + size_of(v) for k, v in reply.items())
    if isinstance(reply, list | tuple | set):
        return sum(map(size_of, reply))
    return 8


def quiet_pool(url: str, timeout_s: float) -> ConnectionPool:
    """How redis-py connects and logs in: no retries, no name, no chatter; none of its connections is made here."""
    address = RedisAddress.read(url)
    quiet: dict[str, Any] = {"driver_info": None, "client_name": None, "protocol": 2}  # what a server may refuse is asked later
    if address.kind is RedisKind.SENTINEL:  # follows the primary: every new connection asks the sentinels where it is
        watched = connect(url, timeout_s=timeout_s, pool_size=1, role="collector").connection_pool
        watched.connection_kwargs.update(quiet)
        return watched
    pool = pool_of(address, {})
    pool.connection_kwargs = {k: v for k, v in pool.connection_kwargs.items() if not k.startswith(("maint_", "orig_"))} | {
        **quiet,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": False,
    }
    return pool
