"""Lua scripts on one Redis: one round trip, one total deadline, no blind retry, and never another call's reply."""

import itertools
import os
import socket
import threading
import time
import weakref
from _thread import start_new_thread
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha1
from importlib.resources import files
from queue import Empty, SimpleQueue
from typing import Any

import hiredis
import redis

from ..errors import ProsePolishError
from .redis_client import LazyCluster

#: What the server says, by the first word of its error, as a short machine word.
FAULTS = {
    "READONLY": "readonly",
    "MASTERDOWN": "no_primary",
    "LOADING": "loading",
    "OOM": "out_of_memory",
    "MISCONF": "misconfigured",
    "NOREPLICAS": "no_replicas",
    "BUSY": "busy",
    "NOAUTH": "not_allowed",
    "WRONGPASS": "not_allowed",
    "NOPERM": "not_allowed",
    "CLUSTERDOWN": "no_primary",
    "MOVED": "moved",
    "ASK": "moved",
    "TRYAGAIN": "moved",
}
#: Errors after which the connection leads to the wrong or a dying server.
LEAVE = frozenset({"readonly", "no_primary", "loading", "not_allowed"})
#: An idle connection older than this is looked at before it is used: the server may have closed it.
CHECK_IDLE_S = 0.01
#: A node that has to be told first what must stay dead may take this much longer.
LONGEST_TELLING_S = 1.0


class ScriptFault(ProsePolishError):
    """Redis did not give a usable reply. `sent`: the script may have run all the same."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(f"the state server did not answer ({reason})")
        self.reason = reason
        self.sent = sent


class Script:
    """The text of one `.lua` file of a package, its digest, and how it is packed."""

    def __init__(self, package: str, name: str, text: str | None = None) -> None:
        self.name = name
        self.text = text if text is not None else files(package).joinpath(f"{name}.lua").read_text(encoding="utf-8")
        self.sha = sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        self._call = b"$7\r\nEVALSHA\r\n$40\r\n" + self.sha.encode() + b"\r\n"
        self._text = b"$4\r\nEVAL\r\n" + bulk(self.text.encode())

    def packed(self, words: int, tail: bytes, *, whole: bool = False) -> bytes:
        """The command: `tail` holds the packed count of keys, keys and arguments (`words` of them in all)."""
        return b"*%d\r\n%b%b" % (words + 2, self._text if whole else self._call, tail)


def bulk(value: bytes) -> bytes:
    """One value as the protocol writes it."""
    return b"$%d\r\n%b\r\n" % (len(value), value)


class _Lane:
    """One connection of redis-py's pool, with its own reader so that one deadline covers the whole reply."""

    __slots__ = ("connection", "reader", "sock", "used_at")

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        # redis-py has connected, authenticated and selected; from here on the socket is read by one total deadline,
        # which its own reader cannot keep (its timeout begins again with every byte).
        self.sock: socket.socket = connection._sock  # noqa: SLF001
        self.reader = hiredis.Reader(notEnoughData=_Lane)
        self.used_at = time.monotonic()

    def call(self, packed: bytes, until: float) -> Any:
        sock, reader = self.sock, self.reader
        sock.settimeout(max(until - time.monotonic(), 0.001))
        sock.sendall(packed)
        reply = reader.gets()
        while reply is _Lane or isinstance(reply, hiredis.PushNotification):
            if reply is _Lane:
                data = sock.recv(65536)
                if not data:
                    raise ConnectionResetError
                reader.feed(data)
            reply = reader.gets()
            if reply is _Lane:
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                sock.settimeout(left)
        self.used_at = time.monotonic()
        return reply

    def is_silent(self) -> bool:
        """Whether nothing has come in since the last reply: bytes or an end mean the connection cannot be used."""
        self.sock.settimeout(0)
        try:
            return not self.reader.has_data() and self.sock.recv(1, socket.MSG_PEEK) is None
        except (BlockingIOError, InterruptedError):
            return True
        except (OSError, ValueError):
            return False


class RedisScripts:
    """Runs scripts on one client's server, each within `deadline_s` in total, connecting included.

    A call is sent at most once, and once more in full text when the server says that it did not know (and so did not
    run) the script. `on_unknown` runs before that: a server without our scripts has been restarted, flushed or replaced.
    """

    def __init__(
        self, client: Any, *, deadline_s: float = 0.05, lanes: int = 16, on_unknown: Callable[[], None] | None = None
    ) -> None:
        self._client = client
        self.is_cluster = isinstance(client, redis.RedisCluster | LazyCluster)
        self.deadline_s = deadline_s
        self._on_unknown = on_unknown
        self._most = lanes
        self._open = 0
        self._lock = threading.Lock()
        self._lanes: SimpleQueue[_Lane | ScriptFault] = SimpleQueue()
        self._numbers = itertools.count(1)
        self._plain = self.is_cluster
        self._helpers: ThreadPoolExecutor | None = None
        _every.add(self)

    def nonce(self) -> bytes:
        """What no other call of this process carries, eight bytes; scripts send it back first."""
        return b"%08x" % (next(self._numbers) & 0xFFFFFFFF)

    def run(self, script: Script, keys: Sequence[bytes], args: Sequence[bytes], *, deadline_s: float | None = None) -> list[Any]:
        """Run with these keys and arguments; gives what the script replied, without the nonce. Raises ScriptFault."""
        nonce = self.nonce()
        tail = b"".join([bulk(b"%d" % len(keys)), *map(bulk, keys), bulk(nonce), *map(bulk, args)])
        found: list[Any] = self.run_packed(script, 2 + len(keys) + len(args), tail, nonce, deadline_s)[1:]
        return found

    def run_packed(self, script: Script, words: int, tail: bytes, nonce: bytes, deadline_s: float | None = None) -> Any:
        """The same for a caller that packs its own arguments, the nonce first among them; gives the whole reply."""
        until = time.monotonic() + (deadline_s or self.deadline_s)
        lane = None if self._plain else self._borrow(until)
        if lane is None:
            return (
                self._run_beside(script, words, tail, nonce, until)
                if self.is_cluster
                else self._run_plain(script, words, tail, nonce)
            )
        keep = False
        try:
            reply = lane.call(script.packed(words, tail), until)
            if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT"):
                if self._on_unknown:
                    self._on_unknown()
                    until = time.monotonic() + (deadline_s or self.deadline_s)
                reply = lane.call(script.packed(words, tail, whole=True), until)
            if _is_ours(reply, nonce):
                keep = True
                return reply
            fault = _fault_of(reply)
            keep = fault.reason not in LEAVE and not fault.sent
            raise fault
        except TimeoutError:
            raise ScriptFault("timeout", sent=True) from None
        except (OSError, hiredis.ProtocolError, UnicodeError):
            raise ScriptFault("connection_lost", sent=True) from None
        finally:
            if keep:
                self._lanes.put(lane)
            else:
                self._drop(lane)

    def close(self) -> None:
        """Give every idle connection back to the pool. Calls may follow; they connect anew."""
        with self._lock:
            helpers, self._helpers = self._helpers, None
        if helpers is not None:
            helpers.shutdown(wait=False, cancel_futures=True)
        while True:
            try:
                lane = self._lanes.get_nowait()
            except Empty:
                return
            if isinstance(lane, _Lane):
                self._drop(lane)

    # --- connections ---

    def _borrow(self, until: float) -> _Lane | None:
        """An idle connection, or a new one made by a helper thread so that even a hanging hand-shake keeps the deadline."""
        asked = False
        while True:
            try:
                found = self._lanes.get_nowait() if not asked else self._lanes.get(timeout=max(until - time.monotonic(), 0.001))
            except Empty:
                if asked:
                    raise ScriptFault("timeout", sent=False) from None
                asked = True
                self._connect_beside()
                continue
            if isinstance(found, _Lane):
                if time.monotonic() - found.used_at <= CHECK_IDLE_S or found.is_silent():
                    return found
                self._drop(found)
            elif self._plain:
                return None
            elif asked:
                raise found

    def _connect_beside(self) -> None:
        with self._lock:
            if self._open >= self._most:
                return
            self._open += 1
        start_new_thread(self._connect, ())  # not Thread.start, which waits until the thread runs: past the deadline

    def _connect(self) -> None:
        pool = self._client.connection_pool
        try:
            connection = pool.get_connection()
        except redis.RedisError as error:
            with self._lock:
                self._open -= 1
            self._lanes.put(ScriptFault("timeout" if isinstance(error, redis.TimeoutError) else "not_connected", sent=False))
            return
        if isinstance(getattr(connection, "_sock", None), socket.socket):
            self._lanes.put(_Lane(connection))
        else:  # a client without a socket of its own (fakeredis): its own way of calling
            pool.release(connection)
            self._plain = True
            with self._lock:
                self._open -= 1
            self._lanes.put(ScriptFault("plain", sent=False))

    def _drop(self, lane: _Lane) -> None:
        with self._lock:
            self._open -= 1
        lane.connection.disconnect()
        self._client.connection_pool.release(lane.connection)

    def _run_beside(self, script: Script, words: int, tail: bytes, nonce: bytes, until: float) -> Any:
        """On a cluster: redis-py asks several nodes in turn where they are, so its own deadlines add up; ours does not."""
        with self._lock:
            self._helpers = helpers = self._helpers or ThreadPoolExecutor(self._most, thread_name_prefix="state-cluster")
        told = threading.Event()
        try:
            asked = helpers.submit(self._run_plain, script, words, tail, nonce, told.set)
        except RuntimeError:  # closed meanwhile, or the interpreter is going down
            raise ScriptFault("not_connected", sent=False) from None
        for wait_s in (until - time.monotonic(), self.deadline_s + LONGEST_TELLING_S):
            try:
                return asked.result(timeout=max(wait_s, 0.001))
            except TimeoutError:
                if not told.is_set():
                    break
        raise ScriptFault("timeout", sent=not asked.cancel())

    def _run_plain(self, script: Script, words: int, tail: bytes, nonce: bytes, telling: Callable[[], None] = lambda: None) -> Any:
        """Through the client's own `evalsha`: clusters, and clients without a socket. The deadline is the client's."""
        reader = hiredis.Reader()
        reader.feed(b"*%d\r\n" % words + tail)
        count, *rest = reader.gets()
        try:
            try:
                reply = self._client.evalsha(script.sha, int(count), *rest)
            except redis.exceptions.NoScriptError:
                if self._on_unknown:
                    telling()
                    self._on_unknown()
                reply = self._client.eval(script.text, int(count), *rest)
        except redis.TimeoutError:
            raise ScriptFault("timeout", sent=True) from None
        except redis.ConnectionError:
            raise ScriptFault("connection_lost", sent=True) from None
        except redis.RedisError as error:
            raise ScriptFault(FAULTS.get(str(error).split(" ", 1)[0], "server_error"), sent=False) from None
        except (redis.exceptions.RedisClusterException, OSError, KeyError, IndexError, AttributeError):
            # What redis-py raises while it looks for a cluster's nodes is not of its own family of errors.
            raise ScriptFault("not_connected", sent=False) from None
        if not _is_ours(reply, nonce):
            raise ScriptFault("foreign_reply", sent=True)
        return reply

    def _forget(self) -> None:
        """After a fork: the parent's connections are not ours."""
        self._lanes, self._lock, self._open = SimpleQueue(), threading.Lock(), 0
        self._helpers = None


_every: "weakref.WeakSet[RedisScripts]" = weakref.WeakSet()


def _after_fork() -> None:
    for scripts in list(_every):
        scripts._forget()  # noqa: SLF001


os.register_at_fork(after_in_child=_after_fork)


def _is_ours(reply: Any, nonce: bytes) -> bool:
    """Whether a reply, a list or one string, begins with this call's nonce."""
    if isinstance(reply, bytes):
        return reply.startswith(nonce)
    return isinstance(reply, list) and bool(reply) and reply[0] == nonce


def _fault_of(reply: Any) -> ScriptFault:
    """A reply that is not ours: an error by its first word, or bytes that belong to another call."""
    if isinstance(reply, hiredis.ReplyError):
        return ScriptFault(FAULTS.get(str(reply).split(" ", 1)[0].lstrip("-"), "server_error"), sent=False)
    return ScriptFault("foreign_reply", sent=True)
