"""The rules of connecting, on real servers:
nothing before the first use, and never more connections than were allowed.
"""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from time import monotonic, sleep

import psycopg
import pytest
import redis

from demo.standins import StandIns
from prosepolish_core import Config, Core
from prosepolish_core.lazy import Lazy
from tests.faults.services import WELL, Visit, ask
from tests.support.waiting import PATIENT, SOON_S

pytestmark = pytest.mark.live
THREADS, TIMES = 10, 10
REDIS_MOST, POSTGRES_POOL = 16, 4


@pytest.fixture
def silent() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two addresses where somebody listens and nobody answers: as good as servers that hang."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        for listener in listeners:
            listener.setblocking(False)
        yield listeners[0], listeners[1]


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster", "redis+sentinel"])
def test_building_everything_connects_to_nothing(silent: tuple[socket.socket, socket.socket], scheme: str) -> None:
    """A process starts beside servers that hang: every part is made, and neither server sees a connection."""
    at_redis, at_postgres = (f"127.0.0.1:{listener.getsockname()[1]}" for listener in silent)
    with Core.open(
        Config.from_env({"REDIS_URL": f"{scheme}://{at_redis}", "DATABASE_URL": f"postgresql://x@{at_postgres}/x"})
    ) as core:
        for name, part in vars(Core).items():
            if isinstance(part, Lazy):
                getattr(core, name)
        for listener in silent:
            with pytest.raises(BlockingIOError):
                listener.accept()


def test_many_threads_share_few_connections(valkey_url: str, database_url: str) -> None:
    """Forty threads and one health check at a time:
    everybody is served, by no more connections than the settings say.
    """
    environ = {
        "REDIS_URL": valkey_url,
        "DATABASE_URL": database_url,
        "PROSEPOLISH_POOL_SIZE": str(REDIS_MOST),
        "PROSEPOLISH_DATABASE_POOL_SIZE": str(POSTGRES_POOL),
        **PATIENT,
        "PROSEPOLISH_FLUSH_S": "60",
        "PROSEPOLISH_DICTIONARY_PER_S": "1000",
        "GEMINI_API_KEY": "any",
    }
    done, seen = threading.Event(), Counter[str]()
    answers: list[tuple[str, str]] = []

    def watch() -> None:
        with redis.Redis.from_url(valkey_url) as client, psycopg.connect(database_url, autocommit=True) as connection:
            while not done.is_set():
                names = [each["name"] for each in client.client_list()]
                ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                row = connection.execute(ours).fetchone()
                seen["redis"] = max(seen["redis"], sum(name.startswith("prosepolish") for name in names))
                seen["postgres"] = max(seen["postgres"], row[0] if row else 0)
                sleep(0.005)

    with StandIns(speed=1000) as upstreams:
        environ |= {"DICTIONARY_API_URL": upstreams.dictionary_api.url, "GEMINI_API_ENDPOINT": upstreams.gemini.url}
        with Core.open(Config.from_env(environ)) as core:
            visit = Visit(core)
            work = [name for name in ("lookup", "limit", "verify", "profile") for _ in range(THREADS)] + ["health"]
            threads = [
                threading.Thread(target=lambda name=name: answers.extend((name, ask(name, visit)[0]) for _ in range(TIMES)))
                for name in work
            ]
            watcher = threading.Thread(target=watch)
            for thread in (watcher, *threads):
                thread.start()
            for thread in threads:
                thread.join()
            done.set()
            watcher.join()
    assert Counter(answers) == {(name, WELL[name]): TIMES * number for name, number in Counter(work).items()}
    assert 0 < seen["redis"] <= REDIS_MOST
    assert 0 < seen["postgres"] <= 2 * POSTGRES_POOL + 1


@pytest.mark.parametrize("option", ["?pgbouncer=true", "?schema=public", "", "?sslmode=require"])
def test_closing_ends_whatever_is_wrong_with_postgresql(silent: tuple[socket.socket, socket.socket], option: str) -> None:
    """An option that PostgreSQL does not know, a server that hangs:
    what was counted is not written, and close returns.
    """
    address = f"postgresql://x@127.0.0.1:{silent[1].getsockname()[1]}/x{option}"
    core = Core.open(Config.from_env({"DATABASE_URL": address, "PROSEPOLISH_FLUSH_S": "0.1"}))
    core.recorder.event("counted")
    sleep(0.3)  # the thread is at it
    began = monotonic()
    assert not core.recorder.flush()
    core.close()
    assert monotonic() - began < SOON_S
