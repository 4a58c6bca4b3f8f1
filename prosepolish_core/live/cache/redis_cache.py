"""Redis as the caching layer uses it: plain GETs over direct connections, leases and fenced fills as small scripts."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast

import redis
from hiredis import ReplyError

from ...drivers.redis_client import LazyCluster
from ...drivers.redis_faults import classify, unavailable
from ...drivers.redis_lines import Lines, has_lines
from ...drivers.redis_wire import Script, bulk, pack
from ...errors import CacheUnavailable
from ...model.lease import Claim, Fill, Wake
from ...ports import Settle, Signal
from .redis_wakeups import CHANNEL, Wakeups

Batch = Sequence[tuple[str | bytes | int, ...]]


_GET = b"*2\r\n$3\r\nGET\r\n"
#: A lease as a plain SET, which costs the server half of what a script does. It ends when Redis ends the key; until
#: then it stands.
_SET = b"*7\r\n$3\r\nSET\r\n"
_HELD = b"$33\r\n1L-."
_LEASE = b"9999999999999\r\n$2\r\nNX\r\n$3\r\nGET\r\n$2\r\nPX\r\n$%d\r\n%d\r\n"
_TAKEN = Claim(True)


@lru_cache(maxsize=16_384)
def _packed(key: str) -> bytes:
    """One key in the wire format; kept, because the same keys come again and again."""
    return bulk(key.encode())


TAKE, FILL, RENEW = (Script(__package__, f"lua/{name}") for name in ("take_lease", "fill_key", "renew_lease"))
#: The fill that nearly every miss ends with, in the wire format: key, token, value, time to live, channel, message.
_FILL = b"*9\r\n$7\r\nEVALSHA\r\n$40\r\n%b\r\n$1\r\n1\r\n" % FILL.sha.encode()
_FILLED = b"%b%b$16\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" + pack(CHANNEL)[4:] + b"$%d\r\n%b\r\n"


class RedisCache:
    """A `ports.CacheServer` over one redis-py client.

    `ask_all` is how a batch reaches the server; by default direct lines.
    """

    def __init__(self, client: redis.Redis, *, timeout_s: float, pool_size: int) -> None:
        self._client = client
        self._lines = Lines(client.connection_pool, timeout_s=timeout_s, size=pool_size)
        self._wakeups = Wakeups(client)
        #: A Redis before 7.0 knows NX and GET, but not together.
        self._is_old = False

    def get(self, key: str) -> bytes | None:
        """What is stored: a value, a lease, or nothing. One plain GET."""
        stored: bytes | None = self._lines.ask(_GET + _packed(key))
        return stored

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The same for many keys, in order, in one round trip."""
        if not keys:
            return []
        found: list[bytes | None] = self._lines.ask(b"*%d\r\n$4\r\nMGET\r\n" % (len(keys) + 1) + b"".join(map(_packed, keys)))
        return found

    def take(self, claims: Sequence[tuple[str, str]], lease_ms: int, *, refresh: bool = False, waits: bool = True) -> list[Claim]:
        """Ask for leases: (key, token) each.

        A token that already holds the lease has taken it: a lost reply is harmless.
        """
        if not (refresh or waits or self._is_old):
            try:
                return self._take_plainly(claims, lease_ms)
            except CacheUnavailable as fault:
                if fault.detail != "not_understood":
                    raise
                self._is_old = True
        return self._take_by_script(claims, lease_ms, refresh=refresh)

    def _take_plainly(self, claims: Sequence[tuple[str, str]], lease_ms: int) -> list[Claim]:
        ask = _LEASE % (len(str(lease_ms)), lease_ms)
        if len(claims) == 1:
            key, token = claims[0]
            replies = [self._lines.ask(b"%b%b%b%b%b" % (_SET, _packed(key), _HELD, token.encode(), ask))]
        else:
            requests = [b"%b%b%b%b%b" % (_SET, _packed(key), _HELD, token.encode(), ask) for key, token in claims]
            replies = self._lines.ask_all(b"".join(requests), len(requests))
        return [_claimed(reply, token) for reply, (_, token) in zip(replies, claims, strict=True)]

    def _take_by_script(self, claims: Sequence[tuple[str, str]], lease_ms: int, *, refresh: bool = False) -> list[Claim]:
        # Whole, not by its digest: who waits would pay for a server that does not know it with one command more.
        how = "refresh" if refresh else ""
        replies = self._ask_all([("EVAL", TAKE.text, 1, key, token, lease_ms, how) for key, token in claims])
        for reply in replies:
            if isinstance(reply, ReplyError):
                raise unavailable(reply)
        return [
            Claim(True) if reply == 1 or reply[4:20] == token.encode() else Claim(False, reply)
            for reply, (_, token) in zip(replies, claims, strict=True)
        ]

    def fill(self, fills: Sequence[Fill]) -> list[bool]:
        """Store values whose lease still stands, and wake who waits."""
        return [reply == 1 for reply in self._run(FILL, [_values(fill) for fill in fills])]

    def fill_soon(self, fill: Fill, settle: Settle) -> None:
        """The same for one value, without waiting for the reply."""

        def told(reply: Any) -> None:
            if not isinstance(reply, ReplyError):
                settle(None if reply is None else reply == 1, None)
                return
            try:
                if classify(reply)[1] == "no_script":  # the server has been restarted since: the lease may still stand
                    settle(self.fill([fill])[0], None)
                else:
                    settle(False, unavailable(reply))
            except CacheUnavailable as fault:
                settle(False, fault)

        key, token, stored, ttl_ms, message = fill
        ttl = b"%d" % max(1, ttl_ms)
        sent = _FILLED % (_FILL, _packed(key), token.encode(), len(stored), stored, len(ttl), ttl, len(message), message)
        self._lines.post(sent, told)

    def collect(self) -> bool:
        """Read the replies that are still owed by idle connections; False when none were."""
        return self._lines.collect()

    def renew(self, claims: Sequence[tuple[str, str]], lease_ms: int) -> None:
        """Prolong leases that still stand."""
        self._run(RENEW, [(key, token, lease_ms) for key, token in claims])

    def drop(self, keys: Sequence[str]) -> int:
        """Delete values and void leases; gives how many keys there were."""
        return int(self._lines.ask(pack("DEL", *keys))) if keys else 0

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._lines.ask(pack("PING"))

    def reset(self) -> None:
        """Let go of every connection: the next use finds the primary anew."""
        self._lines.reset()
        self._wakeups.connect_anew()
        self._client.connection_pool.disconnect(inuse_connections=False)

    def listen(self, timeout_s: float) -> bool:
        """Start to hear wake-ups; True when that is so already or within the time given."""
        return self._wakeups.listen(timeout_s)

    def expect(self, token: str, signal: Signal) -> None:
        """Set the signal when the holder of this lease speaks, or when wake-ups may have been missed."""
        self._wakeups.expect(token, signal)

    def heard(self, token: str) -> Wake | None:
        """What the holder said, if anything; the expectation ends."""
        return self._wakeups.heard(token)

    def close(self) -> None:
        """Hear what is still owed, stop listening and hang up."""
        with suppress(CacheUnavailable):
            self._lines.collect()
        self._wakeups.close()
        self._lines.reset()

    def _run(self, script: Script, calls: Batch) -> list[Any]:
        """One script call per tuple (key first), all in one round trip."""
        replies = self._ask_all([("EVALSHA", script.sha, 1, *call) for call in calls])
        if any(isinstance(reply, ReplyError) and classify(reply)[1] == "no_script" for reply in replies):
            replies = [
                self._ask_all([("EVAL", script.text, 1, *call)])[0]
                if isinstance(reply, ReplyError) and classify(reply)[1] == "no_script"
                else reply
                for reply, call in zip(replies, calls, strict=True)
            ]
        for reply in replies:
            if isinstance(reply, ReplyError):
                raise unavailable(reply)
        return replies

    def _ask_all(self, commands: Batch) -> list[Any]:
        return self._lines.ask_all(b"".join(pack(*command) for command in commands), len(commands))


class ClientCache(RedisCache):
    """The same through redis-py's own command path:
    for clusters (it follows MOVED) and for stand-ins without a socket.
    """

    def __init__(self, client: redis.Redis) -> None:  # deliberately without direct lines
        self._client = client
        self._wakeups = Wakeups(client)

    def get(self, key: str) -> bytes | None:
        """What is stored: a value, a lease, or nothing. One plain GET."""
        stored: bytes | None = self._guarded(lambda: self._client.get(key))
        return stored

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The same for many keys; a cluster is asked once per node."""

        def ask() -> Any:
            pipeline = self._client.pipeline(transaction=False)
            for key in keys:
                pipeline.get(key)
            return pipeline.execute()

        found: list[bytes | None] = self._guarded(ask) if keys else []
        return found

    def take(self, claims: Sequence[tuple[str, str]], lease_ms: int, *, refresh: bool = False, waits: bool = True) -> list[Claim]:
        """Ask for leases, always by the script, which marks what it finds."""
        del waits
        return self._take_by_script(claims, lease_ms, refresh=refresh)

    def fill_soon(self, fill: Fill, settle: Settle) -> None:
        """One fill. It is waited for: this client's connections cannot owe a reply."""
        settle(self.fill([fill])[0], None)

    def collect(self) -> bool:
        """Nothing is ever owed."""
        return False

    def drop(self, keys: Sequence[str]) -> int:
        """Delete values and void leases; gives how many keys there were."""
        return int(self._guarded(lambda: sum(int(self._client.delete(key)) for key in keys)))

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._guarded(lambda: self._client.ping())  # noqa: PLW0108 - the attribute alone may connect, and fail

    def reset(self) -> None:
        """Let go of idle connections."""
        self._wakeups.connect_anew()
        if not isinstance(self._client, LazyCluster):
            self._client.connection_pool.disconnect(inuse_connections=False)

    def close(self) -> None:
        """Stop listening."""
        self._wakeups.close()

    def _ask_all(self, commands: Batch) -> list[Any]:
        return [self._reply(command) for command in commands]

    def _reply(self, command: tuple[str | bytes | int, ...]) -> Any:
        try:
            return self._client.execute_command(*command)  # type: ignore[no-untyped-call]
        except redis.ResponseError as error:
            if isinstance(error, redis.exceptions.NoScriptError):
                return ReplyError(f"NOSCRIPT {error}")
            raise unavailable(error) from error
        except Exception as error:
            raise unavailable(error) from error

    @staticmethod
    def _guarded(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:
            raise unavailable(error) from error


def _claimed(reply: Any, token: str) -> Claim:
    """What SET NX GET says: nothing lay there, or what lies there still."""
    if reply is None:
        return _TAKEN
    if isinstance(reply, ReplyError):
        raise unavailable(reply)
    return _TAKEN if reply[4:20] == token.encode() else Claim(False, reply)


def _values(fill: Fill) -> tuple[str | bytes | int, ...]:
    return fill.key, fill.token, fill.stored, max(1, fill.ttl_ms), CHANNEL, fill.told


def cache_server(client: redis.Redis | LazyCluster, *, timeout_s: float, pool_size: int) -> RedisCache:
    """Direct lines where the client has real sockets to one server; its own command path otherwise."""
    if has_lines(client):
        return RedisCache(cast("redis.Redis", client), timeout_s=timeout_s, pool_size=pool_size)
    return ClientCache(cast("redis.Redis", client))
