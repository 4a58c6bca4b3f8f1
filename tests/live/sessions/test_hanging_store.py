"""PostgreSQL is stopped (SIGSTOP):
Redis goes on verifying, changes refuse at once, and one call at a time finds out.
"""

import threading
from collections.abc import Callable, Iterator
from time import monotonic, sleep

import pytest

from prosepolish_core.drivers.postgres_guard import POLICY
from prosepolish_core.drivers.postgres_pool import WAIT_S
from prosepolish_core.errors import SessionUnavailable
from prosepolish_core.live.sessions.postgres_sessions import WITHIN_S
from prosepolish_core.live.sessions.service import Sessions
from tests.faults.servers import Servers

from .conftest import Serve

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """A Valkey and a PostgreSQL of this file's own: they are stopped."""
    made = Servers()
    yield made
    made.close()


def refuses(action: Callable[[], object]) -> bool:
    """Whether it says that the store is away and that nothing was changed."""
    try:
        action()
    except SessionUnavailable as error:
        return "nothing was changed" in str(error)
    return False


def changes(sessions: Sessions, token: str) -> list[Callable[[], object]]:
    """Every call that has to be durable."""
    return [
        lambda: sessions.create("u1"),
        lambda: sessions.rotate(token, "n"),
        lambda: sessions.revoke(token),
        lambda: sessions.revoke_all("u1"),
    ]


def test_while_postgres_hangs_only_the_first_callers_wait_for_it(servers: Servers, serve: Serve) -> None:
    """Two find out; of the next hundred none waits, while every valid token is verified from Redis;
    nothing was changed.
    """
    sessions = serve(servers.redis_url, servers.database_url)
    token = sessions.create("u1").token or ""
    with servers.postgres_hung():
        assert all(refuses(change) for change in changes(sessions, token)[:2])
        began = monotonic()
        refused = [refuses(change) for _ in range(25) for change in changes(sessions, token)]
        verified = [sessions.verify(token) for _ in range(100)]
        took = monotonic() - began
    assert all(refused)
    assert all(seen.valid and not seen.degraded for seen in verified)
    assert took < 2 * WITHIN_S  # unguarded it would be a hundred times the deadline
    while refuses(lambda: sessions.rotate(token, "n")):  # until the pause is over
        sleep(0.1)
    assert sessions.verify(token).reason == "refused"  # it was rotated just now, and not before


def test_one_caller_at_a_time_finds_out_whether_it_is_back(servers: Servers, serve: Serve) -> None:
    """When the pause is over, of twenty callers at once one waits for an attempt to connect;
    the others are refused at once.
    """
    sessions = serve(servers.redis_url, servers.database_url, replay_s=3600)
    token = sessions.create("u1").token or ""
    waited: list[float] = []

    def call() -> None:
        began = monotonic()
        assert refuses(lambda: sessions.revoke(token))
        waited.append(monotonic() - began)

    with servers.postgres_hung():
        for change in changes(sessions, token)[:2]:
            assert refuses(change)
        sessions._replay.stop()  # it finds out beside the callers
        sleep(POLICY.open_s)
        callers = [threading.Thread(target=call) for _ in range(20)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert len(waited) == 20
    assert sum(took > WAIT_S / 2 for took in waited) <= 1


def test_the_background_thread_finds_out_that_postgres_is_back(servers: Servers, serve: Serve) -> None:
    """Nobody asks for anything, and yet the next change is let through."""
    sessions = serve(servers.redis_url, servers.database_url, replay_s=3600)
    while refuses(lambda: sessions.create("u1")):  # the test before has just let PostgreSQL go on
        sleep(0.1)
    token = sessions.create("u1").token or ""
    with servers.postgres_hung():
        for change in changes(sessions, token)[:2]:
            assert refuses(change)
        assert not sessions._store._pool._idle
    began = monotonic()
    while not sessions._store._pool._idle:
        assert monotonic() - began < 20
        sleep(0.05)
    assert sessions.rotate(token, "n").token
