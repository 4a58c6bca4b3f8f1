"""The collectors' own Redis connection: one per instance, kept open, every byte and call on it counted by who asked."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from redis import exceptions
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.retry import Retry

from ...addresses.redis_address import RedisAddress, RedisKind
from ...drivers.redis_client import connect, pool_of
from ...errors import SourceRefused, SourceTimeout, SourceUnavailable

CLIENT_NAME = "prosepolish-collector"
#: A refused command rests this long, then twice as long, up to the last one.
FIRST_REST_S, LONGEST_REST_S = 300.0, 3600.0
#: After a failed connection nobody but the INFO collector tries again before this has passed.
RECONNECT_S = 1.0
#: Replies that tell of the server's moment, not of a command it will never run for us.
PASSING = ("LOADING", "BUSY", "MASTERDOWN", "OOM", "TRYAGAIN", "CLUSTERDOWN", "MISCONF", "READONLY", "UNBLOCKED")

Command = tuple[str | int | bytes, ...]


class Refusal(NamedTuple):
    """A command the instance does not run for us: why, and when it is worth another try (monotonic seconds)."""

    command: str
    reason: str
    retry_at: float
    rest_s: float


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
        self.lock = threading.RLock()
        self.charges: dict[str, Charge] = defaultdict(Charge)
        self.refusals: dict[str, Refusal] = {}
        self._url = url
        self._connection: AbstractConnection = open_connection(url, timeout_s)
        self._failed_at = -RECONNECT_S
        self._open = False
        self._reason = ""

    @property
    def connected(self) -> bool:
        """Whether the connection is believed to stand."""
        return self._open

    def connect(self) -> None:
        """Open the connection if it is not. Raises SourceUnavailable, SourceTimeout or SourceRefused."""
        with self.lock:
            if self._open:
                return
            try:
                self._connection.connect()  # type: ignore[no-untyped-call]
                self._open = True
            except (exceptions.RedisError, OSError, ValueError) as error:
                self._failed_at = time.monotonic()
                self._hang_up()
                raise typed(error) from None

    def ask(self, who: str, *command: str | int | bytes, timeout_s: float | None = None) -> Any:
        """The reply to one command. Raises SourceRefused (remembered), SourceTimeout or SourceUnavailable."""
        (reply,) = self.ask_all(who, [command], timeout_s=timeout_s)
        if isinstance(reply, SourceRefused):
            raise reply
        return reply

    def ask_all(self, who: str, commands: Sequence[Command], *, timeout_s: float | None = None) -> list[Any]:
        """The replies to several commands in one round trip; a refused one gives its SourceRefused in its place."""
        if not commands:
            return []
        with self.lock:
            resting = [self._resting(command_name(command)) for command in commands]
            asked = [command for command, refusal in zip(commands, resting, strict=True) if not refusal]
            replies: Iterator[Any] = iter(())
            if asked:
                if not self._open and time.monotonic() - self._failed_at < RECONNECT_S:
                    raise SourceUnavailable("not connected")
                self.connect()
                self.send(who, asked)
                deadline = time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)
                replies = iter([self.receive(who, command, deadline) for command in asked])
            return [SourceRefused(refusal.reason) if refusal else next(replies) for refusal in resting]

    def send(self, who: str, commands: Sequence[Command]) -> None:
        """Send without waiting. The caller holds `lock` and must `receive` once per command."""
        try:
            packed = self._connection.pack_commands(commands)  # type: ignore[no-untyped-call]
            self._connection.send_packed_command(packed, check_health=False)  # type: ignore[no-untyped-call]
        except (exceptions.RedisError, OSError) as error:
            self._hang_up()
            raise typed(error) from None
        charge = self.charges[who]
        charge.calls += len(commands)
        charge.bytes_out += sum(map(len, packed))
        for command in commands:
            charge.commands[command_name(command)] += 1

    def receive(self, who: str, command: Command, deadline: float) -> Any:
        """The next reply, or the SourceRefused it is. Raises SourceTimeout or SourceUnavailable and hangs up."""
        charge = self.charges[who]
        try:
            reply = self._connection.read_response(timeout=max(0.001, deadline - time.monotonic()), disconnect_on_error=True)
        except exceptions.ResponseError as error:
            charge.errors += 1
            return self._refused(command_name(command), error)
        except (exceptions.RedisError, OSError) as error:
            self._hang_up()
            raise typed(error) from None
        charge.bytes_in += size_of(reply)
        if isinstance(reply, exceptions.ResponseError):
            charge.errors += 1
            return self._refused(command_name(command), reply)
        if self.refusals:
            self.refusals.pop(command_name(command), None)  # it is run for us again: a rights change, an upgrade
        return reply

    def another(self) -> AbstractConnection:
        """A further connection to the same instance, not yet open: listening keeps one busy."""
        return open_connection(self._url, self.timeout_s)

    def close(self) -> None:
        """Hang up."""
        with self.lock:
            self._hang_up()

    @contextmanager
    def held(self, timeout_s: float) -> Iterator[None]:
        """Hold the connection for a send and its receives. Raises SourceTimeout when another collector does not let go."""
        if not self.lock.acquire(timeout=timeout_s):
            raise SourceTimeout("busy with another collector")
        try:
            yield
        finally:
            self.lock.release()

    def _hang_up(self) -> None:
        self._open = False
        self._connection.disconnect()  # type: ignore[no-untyped-call]

    def _resting(self, name: str) -> Refusal | None:
        refusal = self.refusals.get(name)
        return refusal if refusal and time.monotonic() < refusal.retry_at else None

    def _refused(self, name: str, error: Exception) -> SourceRefused:
        reason = reason_of(error)
        if not str(error).startswith(PASSING):
            before = self.refusals.get(name)
            rest_s = min(LONGEST_REST_S, before.rest_s * 2) if before else FIRST_REST_S
            self.refusals[name] = Refusal(name, reason, time.monotonic() + rest_s, rest_s)
        return SourceRefused(reason)


def command_name(command: Command) -> str:
    """The name commandstats uses: lower case, with the subcommand of container commands."""
    first = str(command[0]).lower()
    return f"{first}|{str(command[1]).lower()}" if first in CONTAINERS and len(command) > 1 else first


CONTAINERS = frozenset({"config", "latency", "slowlog", "commandlog", "client", "memory", "cluster", "sentinel", "acl"})


def size_of(reply: Any) -> int:
    """Bytes of a reply's payload (framing not counted)."""
    if isinstance(reply, bytes):
        return len(reply)
    if isinstance(reply, dict):
        return sum(size_of(k) + size_of(v) for k, v in reply.items())
    if isinstance(reply, list | tuple | set):
        return sum(map(size_of, reply))
    return 8


def reason_of(error: Exception) -> str:
    """Why a command was refused, as a short machine word: never the server's own sentence, which may quote arguments."""
    text = str(error)
    if isinstance(error, exceptions.NoPermissionError) or "NOPERM" in text or "no permissions" in text:
        return "no_permission"
    if isinstance(error, exceptions.AuthenticationError) or text.startswith(("NOAUTH", "WRONGPASS")):
        return "not_authenticated"
    if "unknown" in text.lower():
        return "unknown_command"
    first = text.split(" ", 1)[0]
    return first.lower() if first.isupper() and first.isalpha() else "refused"


def typed(error: Exception) -> SourceUnavailable | SourceRefused:
    """A driver's error as ours."""
    if isinstance(error, exceptions.AuthenticationError | exceptions.AuthorizationError | exceptions.NoPermissionError):
        return SourceRefused(reason_of(error))
    if isinstance(error, exceptions.ResponseError):
        return SourceRefused(reason_of(error))
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return SourceTimeout("no answer in time")
    return SourceUnavailable("cannot be reached")


def open_connection(url: str, timeout_s: float) -> AbstractConnection:
    """redis-py's connection without retries, pools or chatter: RESP2 unless the address says `?protocol=3`."""
    address = RedisAddress.read(url)
    quiet: dict[str, Any] = {"driver_info": None}  # CLIENT SETINFO is an error before 7.2, and errors are what we chart
    if address.kind is RedisKind.SENTINEL:  # follows the primary: every new connection asks the sentinels where it is
        watched = connect(url, timeout_s=timeout_s, pool_size=1, role="collector").connection_pool
        watched.connection_kwargs.update(quiet, protocol=2)
        return cast("AbstractConnection", watched.make_connection())
    pool = pool_of(address, {})
    kwargs = {key: value for key, value in pool.connection_kwargs.items() if not key.startswith(("maint_", "orig_"))}
    kwargs |= quiet | {
        "protocol": kwargs.get("protocol", 2),
        "client_name": CLIENT_NAME,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": False,
    }
    connection: AbstractConnection = pool.connection_class(**kwargs)
    return connection
