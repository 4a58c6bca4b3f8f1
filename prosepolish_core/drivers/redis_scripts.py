"""Lua scripts on one Redis: one round trip, one total deadline, no blind retry, and never another call's reply."""

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import perf_counter
from typing import Any

import redis
from hiredis import Reader, ReplyError

from ..errors import CacheUnavailable, ProsePolishError
from ..forks import on_fork
from .redis_client import LazyCluster
from .redis_faults import WRONG_WAY, classify
from .redis_lines import Lines, has_lines
from .redis_wire import Script, bulk

#: An idle connection older than this is looked at before it is used: the server may have closed it.
CHECK_IDLE_S = 0.01
#: A node that has to be told first what must stay dead may take this much longer.
LONGEST_TELLING_S = 1.0
#: The reply belongs to another call.
FOREIGN = "foreign_reply"
#: Faults after which nobody knows whether the call arrived.
LOST = frozenset({"timeout", "connection", "garbage"})


class ScriptFault(ProsePolishError):
    """Redis did not give a usable reply.

    `reason` is a word of redis_faults.py; `sent`: the script may have run all the same.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(f"the state server did not answer ({reason})")
        self.reason = reason
        self.sent = sent


class RedisScripts:
    """Runs scripts on one client's server, each within `deadline_s` in total, connecting included.

    A call is sent at most once, and once more in full text when the server says that it did not know (and so did not
    run) the script. `on_unknown` runs before that: a server without our scripts has been restarted, flushed or
    replaced. It learns all of `siblings` then, so that what `on_unknown` needs has to be there only once a server,
    not at the first use of each script.
    """

    def __init__(
        self,
        client: Any,
        *,
        deadline_s: float = 0.05,
        lanes: int = 16,
        on_unknown: Callable[[], None] | None = None,
        siblings: Sequence[Script] = (),
    ) -> None:
        self._client = client
        self.is_cluster = isinstance(client, redis.RedisCluster | LazyCluster)
        self.deadline_s = deadline_s
        self._on_unknown = on_unknown
        self._siblings = siblings
        self._loads = b"".join(each.load for each in siblings)
        self._most = lanes
        self._lines = Lines(client.connection_pool, timeout_s=deadline_s, size=lanes) if has_lines(client) else None
        self._numbers = itertools.count(1)
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """In a forked child the parent's helper threads do not run."""
        self._lock = threading.Lock()
        self._helpers: ThreadPoolExecutor | None = None

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
        until = perf_counter() + (deadline_s or self.deadline_s)
        lines = self._lines
        if lines is None:
            if self.is_cluster:
                return self._run_beside(script, words, tail, nonce, until)
            return self._run_plain(script, words, tail, nonce)
        try:
            line = lines.borrow(until, CHECK_IDLE_S)
        except CacheUnavailable as fault:
            raise ScriptFault(fault.detail, sent=False) from None
        try:
            reply = line.ask(script.packed(words, tail), until)
            if isinstance(reply, ReplyError) and classify(reply)[1] == "no_script":
                if self._on_unknown:
                    self._on_unknown()
                    until = perf_counter() + (deadline_s or self.deadline_s)
                whole = script.packed(words, tail, whole=True)
                *_, reply = line.ask_all(self._loads + whole, len(self._siblings) + 1, until)  # no right to load: no harm
        except ScriptFault:  # of the hook: the connection is as good as before
            lines.give_back(line)
            raise
        except Exception as error:  # noqa: BLE001 - whatever happened, nobody may read what still comes on this connection
            lines.leave(line)
            raise ScriptFault(classify(error)[1], sent=True) from None
        except BaseException:
            lines.drop(line)
            raise
        line.used_at = perf_counter()
        if _is_ours(reply, nonce):
            lines.give_back(line)
            return reply
        strange = _fault_of(reply)
        (lines.leave if strange.sent or strange.reason in WRONG_WAY else lines.give_back)(line)
        raise strange

    def close(self) -> None:
        """Hang up. Calls may follow; they connect anew."""
        with self._lock:
            helpers, self._helpers = self._helpers, None
        if helpers is not None:
            helpers.shutdown(wait=False, cancel_futures=True)
        if self._lines is not None:
            self._lines.reset()

    # --- clusters, and clients without a socket ---

    def _run_beside(self, script: Script, words: int, tail: bytes, nonce: bytes, until: float) -> Any:
        """On a cluster: redis-py asks several nodes in turn where they are,
        so its own deadlines add up; ours does not.
        """
        with self._lock:
            self._helpers = helpers = self._helpers or ThreadPoolExecutor(self._most, thread_name_prefix="state-cluster")
        told = threading.Event()
        try:
            asked = helpers.submit(self._run_plain, script, words, tail, nonce, told.set)
        except RuntimeError:  # closed meanwhile, or the interpreter is going down
            raise ScriptFault("connection", sent=False) from None
        for wait_s in (until - perf_counter(), self.deadline_s + LONGEST_TELLING_S):
            try:
                return asked.result(timeout=max(wait_s, 0.001))
            except TimeoutError:
                if not told.is_set():
                    break
        raise ScriptFault("timeout", sent=not asked.cancel())

    def _run_plain(self, script: Script, words: int, tail: bytes, nonce: bytes, telling: Callable[[], None] = lambda: None) -> Any:
        """Through the client's own `evalsha`. The deadline is the client's."""
        reader = Reader()
        reader.feed(b"*%d\r\n" % words + tail)
        count, *rest = reader.gets()
        try:
            try:
                reply = self._client.evalsha(script.sha, int(count), *rest)
            except redis.exceptions.NoScriptError:
                if self._on_unknown:
                    telling()
                    self._on_unknown()
                self._load_plain(rest[0])
                reply = self._client.eval(script.text, int(count), *rest)
        except redis.RedisError as error:
            word = classify(error)[1]
            raise ScriptFault(word, sent=word in LOST) from None
        except (redis.exceptions.RedisClusterException, OSError, KeyError, IndexError, AttributeError):
            # What redis-py raises while it looks for a cluster's nodes is not of its own family of errors.
            raise ScriptFault("connection", sent=False) from None
        if not _is_ours(reply, nonce):
            raise ScriptFault(FOREIGN, sent=True)
        return reply

    def _load_plain(self, key: bytes) -> None:
        """The siblings, on the one node that has just been told what must stay dead."""
        where = {"target_nodes": self._client.get_node_from_key(key)} if self.is_cluster else {}
        with suppress(redis.exceptions.ResponseError):
            for each in self._siblings:
                self._client.execute_command("SCRIPT LOAD", each.text, **where)


def _is_ours(reply: Any, nonce: bytes) -> bool:
    """Whether a reply, a list or one string, begins with this call's nonce."""
    if isinstance(reply, bytes):
        return reply.startswith(nonce)
    return isinstance(reply, list) and bool(reply) and reply[0] == nonce


def _fault_of(reply: Any) -> ScriptFault:
    """A reply that is not ours: an error by its first word, or bytes that belong to another call."""
    if isinstance(reply, ReplyError):
        return ScriptFault(classify(reply)[1], sent=False)
    return ScriptFault(FOREIGN, sent=True)
