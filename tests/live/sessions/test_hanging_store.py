"""PostgreSQL is stopped (SIGSTOP):
Redis goes on verifying, changes refuse at once, and one call at a time finds out.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from time import sleep

import pytest

from prosepolish_core.drivers.postgres_guard import POLICY
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import SessionUnavailable, StoreUnavailable
from prosepolish_core.live.sessions.service import Sessions
from tests.faults.servers import Servers
from tests.support.waiting import wait_for

from .conftest import Serve

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """A Valkey and a PostgreSQL of this file's own: they are stopped."""
    made = Servers()
    yield made
    made.close()


def refused_as(action: Callable[[], object]) -> str:
    """The store's own word for why nothing was changed; nothing when the call went through."""
    try:
        action()
    except SessionUnavailable as error:
        said, cause = str(error), error.__context__
    else:
        return ""
    assert "nothing was changed" in said
    assert isinstance(cause, StoreUnavailable)
    return cause.word


def find_out(sessions: Sessions, token: str) -> None:
    """Callers are refused, after a wait or two, until one is refused at once."""
    found = ""
    while found != "breaker_open":
        found = refused_as(lambda: sessions.rotate(token, "n"))
        assert found


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to connect to PostgreSQL that began since."""
    begun: list[object] = []
    begin = PostgresPool._begin

    def note(pool: PostgresPool, attempts: list[object]) -> None:
        begun.extend(attempts)
        begin(pool, attempts)

    monkeypatch.setattr(PostgresPool, "_begin", note)
    return begun


def changes(sessions: Sessions, token: str) -> list[Callable[[], object]]:
    """Every call that has to be durable."""
    return [
        lambda: sessions.create("u1"),
        lambda: sessions.rotate(token, "n"),
        lambda: sessions.revoke(token),
        lambda: sessions.revoke_all("u1"),
    ]


def test_while_postgres_hangs_only_the_first_callers_wait_for_it(servers: Servers, serve: Serve, attempts: list[object]) -> None:
    """The first ones find out; of the next hundred only those wait who try to connect, one a pause, while every valid
    token is verified from Redis; nothing was changed.
    """
    sessions = serve(servers.redis_url, servers.database_url)
    token = sessions.create("u1").token or ""
    with servers.postgres_hung():
        find_out(sessions, token)
        attempts.clear()
        refused = Counter(refused_as(change) for _ in range(25) for change in changes(sessions, token))
        verified = [sessions.verify(token) for _ in range(100)]
    assert refused == Counter({"timeout": len(attempts), "breaker_open": 100 - len(attempts)})
    assert all(seen.valid and not seen.degraded for seen in verified)
    while refused_as(lambda: sessions.rotate(token, "n")):  # until the pause is over
        sleep(0.1)
    assert sessions.verify(token).reason == "refused"  # it was rotated just now, and not before


def test_one_caller_at_a_time_finds_out_whether_it_is_back(servers: Servers, serve: Serve, attempts: list[object]) -> None:
    """When the pause is over, of twenty callers at once one waits for an attempt to connect;
    the others are refused at once.
    """
    sessions = serve(servers.redis_url, servers.database_url, replay_s=3600)
    token = sessions.create("u1").token or ""
    words: list[str] = []
    with servers.postgres_hung():
        find_out(sessions, token)
        sessions._replay.stop()  # it finds out beside the callers
        assert sessions._replay._thread
        sessions._replay._thread.join()
        attempts.clear()
        while not attempts:
            sleep(POLICY.open_s)
            words.clear()
            callers = [threading.Thread(target=lambda: words.append(refused_as(lambda: sessions.revoke(token)))) for _ in range(20)]
            for caller in callers:
                caller.start()
            for caller in callers:
                caller.join()
    assert Counter(words) == Counter({"timeout": len(attempts), "breaker_open": 20 - len(attempts)})


def test_the_background_thread_finds_out_that_postgres_is_back(servers: Servers, serve: Serve) -> None:
    """Nobody asks for anything, and yet the next change is let through."""
    sessions = serve(servers.redis_url, servers.database_url, replay_s=3600)
    while refused_as(lambda: sessions.create("u1")):  # the test before has just let PostgreSQL go on
        sleep(0.1)
    token = sessions.create("u1").token or ""
    with servers.postgres_hung():
        find_out(sessions, token)
        assert not sessions._store._pool._idle
    wait_for(lambda: bool(sessions._store._pool._idle))
    assert sessions.rotate(token, "n").token
