"""Scripts over a server that misbehaves: one total deadline, no repeated call, and never another call's reply."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import fakeredis
import pytest
import redis

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.drivers.redis_scripts import RedisScripts, ScriptFault
from prosepolish_core.drivers.redis_wire import Script
from tests.support.waiting import REDIS_S, SOON_S

ECHO = Script("", "echo", "return {ARGV[1], 7}")
Serve = Callable[[Callable[[bytes, socket.socket], None]], RedisScripts]


class Liar:
    """A server on loopback that greets politely and then answers EVALSHA as it is told."""

    def __init__(self, answer: Callable[[bytes, socket.socket], None]) -> None:
        self.calls: list[bytes] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """No further connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(65536):
                if b"EVAL" in data:
                    self.calls.append(data)
                    self._answer(data, connection)
                elif b"HELLO" in data:
                    connection.sendall(b"%1\r\n$5\r\nproto\r\n:3\r\n")
                else:
                    connection.sendall(b"+OK\r\n")
        except OSError:
            pass


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[bytes, socket.socket], None]], tuple[Liar, RedisScripts]]]:
    """Starts a liar and gives scripts that run on it, with 50 ms."""
    started: list[tuple[Liar, RedisScripts]] = []

    def start(answer: Callable[[bytes, socket.socket], None]) -> tuple[Liar, RedisScripts]:
        liar = Liar(answer)
        client = connect(f"redis://127.0.0.1:{liar.port}/0", timeout_s=1.0, pool_size=4, role="test")
        started.append((liar, RedisScripts(client, deadline_s=0.5)))
        return started[-1]

    yield start
    for liar, scripts in started:
        scripts.close()
        liar.close()


def nonce_of(data: bytes) -> bytes:
    """The first argument after `0` keys."""
    return data.split(b"$1\r\n0\r\n", 1)[1].split(b"\r\n")[1]


def reply(data: bytes) -> bytes:
    """What an honest server would say."""
    nonce = nonce_of(data)
    return b"*2\r\n$%d\r\n%b\r\n:7\r\n" % (len(nonce), nonce)


def test_a_doubled_reply_is_never_taken_for_the_next_calls(serve: Serve) -> None:
    """The stray reply carries another nonce; its connection is dropped and the call is not repeated."""
    liar, scripts = serve(lambda data, to: to.sendall(reply(data) * 2))  # type: ignore[misc]
    said: list[object] = []
    for _ in range(3):
        try:
            said.append(scripts.run(ECHO, [], []))
        except ScriptFault as fault:
            said.append(fault.sent)
    assert all(one in ([7], True) for one in said)
    assert len(liar.calls) <= 3
    assert len({nonce_of(call) for call in liar.calls}) == len(liar.calls)


def test_a_dripping_reply_ends_with_the_deadline(serve: Serve) -> None:
    """A byte now and then does not prolong it."""

    def drip(data: bytes, to: socket.socket) -> None:
        for i in range(len(reply(data))):
            to.sendall(reply(data)[i : i + 1])
            time.sleep(2)

    liar, scripts = serve(drip)  # type: ignore[misc]
    before = time.monotonic()
    with pytest.raises(ScriptFault, match="timeout"):
        scripts.run(ECHO, [], [])
    assert time.monotonic() - before < SOON_S
    assert len(liar.calls) == 1


@pytest.mark.parametrize(
    ("said", "reason", "sent"),
    [
        (b"-READONLY You can't write against a read only replica.\r\n", "read_only", False),
        (b"-OOM command not allowed\r\n", "out_of_memory", False),
        (b"-LOADING\r\n", "loading", False),
        (b"-ERR something else\r\n", "redis_error", False),
        (b"*2\r\n$1\r\nx\r\n:7\r\n", "foreign_reply", True),
        (b":1\r\n", "foreign_reply", True),
        (b"garbage\r\n", "garbage", True),
    ],
)
def test_what_is_no_reply_becomes_a_typed_fault(serve: Serve, said: bytes, reason: str, sent: bool) -> None:
    """With a word for the reason, whether the script may have run, and nothing of the server's text."""
    _, scripts = serve(lambda _data, to: to.sendall(said))  # type: ignore[misc]
    with pytest.raises(ScriptFault) as fault:
        scripts.run(ECHO, [], [])
    assert (fault.value.reason, fault.value.sent) == (reason, sent)
    assert "replica" not in str(fault.value)


def test_a_cut_connection_may_have_run_and_is_not_repeated(serve: Serve) -> None:
    """Half a reply, then the end."""

    def cut(data: bytes, to: socket.socket) -> None:
        to.sendall(reply(data)[:5])
        to.shutdown(socket.SHUT_RDWR)

    liar, scripts = serve(cut)  # type: ignore[misc]
    with pytest.raises(ScriptFault) as fault:
        scripts.run(ECHO, [], [])
    assert fault.value.sent
    assert len(liar.calls) == 1


def test_an_unknown_script_is_sent_in_full_once_after_the_hook(serve: Serve) -> None:
    """The hook of a new server runs before the script does."""
    order: list[str] = []

    def answer(data: bytes, to: socket.socket) -> None:
        whole = b"$4\r\nEVAL\r\n" in data
        order.append("text" if whole else "digest")
        to.sendall(reply(data) if whole else b"-NOSCRIPT No matching script.\r\n")

    _, scripts = serve(answer)  # type: ignore[misc]
    scripts._on_unknown = lambda: order.append("hook")
    assert scripts.run(ECHO, [], []) == [7]
    assert order == ["digest", "hook", "text"]


@pytest.mark.parametrize("restricted", [False, True], ids=["may load", "may not load"])
def test_a_server_learns_all_siblings_at_the_first_call_of_one(valkey_url: str, restricted: bool) -> None:
    """Then the hook, and all that the hook needs, is wanted once a server and not once a script.

    A user who may not load learns them one by one.
    """
    with redis.Redis.from_url(valkey_url) as admin:
        admin.acl_setuser("caller", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-script" if restricted else "+get"])
    client = connect(valkey_url.replace("//", "//caller:any@"), timeout_s=REDIS_S, pool_size=2, role="test")
    told: list[str] = []
    siblings = [Script("", f"echo{number}", f"return {{ARGV[1], {number}}}") for number in range(3)]
    scripts = RedisScripts(client, deadline_s=REDIS_S, on_unknown=lambda: told.append("hook"), siblings=siblings)
    assert [scripts.run(each, [], []) for each in siblings] == [[0], [1], [2]]
    assert told == ["hook"] * (3 if restricted else 1)
    scripts.close()
    client.close()


def test_nobody_listening_is_a_fault_that_was_not_sent() -> None:
    """So the caller knows that nothing was charged."""
    scripts = RedisScripts(connect("redis://127.0.0.1:1/0", timeout_s=0.2, pool_size=2, role="test"))
    with pytest.raises(ScriptFault) as fault:
        scripts.run(ECHO, [], [])
    assert not fault.value.sent


def test_a_client_without_a_socket_is_used_its_own_way() -> None:
    """fakeredis, for the tests of others."""
    assert RedisScripts(fakeredis.FakeRedis(), deadline_s=10).run(ECHO, [], []) == [7]
