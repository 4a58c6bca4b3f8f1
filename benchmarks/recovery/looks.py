"""What is seen from outside of the dashboard's and the collectors' processes, as a table like that of the probes."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import redis

from prosepolish_core.calc.standing import RISE_S
from prosepolish_core.standing_keeper import EVERY_S

from .lost_server import PASSWORD, Server
from .postgres_server import Postgres
from .probes import told_well
from .settling import Seen

#: Seconds between two INFO readings, between two flushes of counts, and between two readings of PostgreSQL.
INTERVAL_S, FLUSH_S, SLOW_S = 1, 1, 10
#: What a reading may take to be written, and then to be seen by us.
WRITTEN_S, SEEN_S = 1.0, 0.5
BAR_S = 2.0
#: The keeper of the standings looks every few seconds, and a better answer must go on for a while before it counts.
STANDING_S = EVERY_S + RISE_S


class World:
    """What the looks need: the dashboard's port, the spool, the servers past every switch."""

    def __init__(self, port: int, data: Path, servers: dict[str, Server]) -> None:
        self.port, self.data, self.servers = port, data, servers
        self._connections = threading.local()
        self._count, self._counted_at = -1, 0.0

    def get(self, path: str) -> tuple[int, str]:
        """Ask the dashboard."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=6.0) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the store itself, on a kept connection of this thread."""
        postgres = self.servers["postgres"]
        assert isinstance(postgres, Postgres)
        kept = getattr(self._connections, "kept", None)
        if kept is None or kept[0] != postgres.own_url:
            kept = postgres.own_url, psycopg.connect(postgres.own_url, connect_timeout=1, autocommit=True)
            self._connections.kept = kept
        try:
            return kept[1].execute(statement.encode()).fetchall()
        except psycopg.Error:
            self._connections.kept = None
            raise

    def grew(self, count: int) -> float:
        """Seconds since this count last changed."""
        if count != self._count:
            self._count, self._counted_at = count, time.monotonic()
        return time.monotonic() - self._counted_at


def _ready(world: World) -> str:
    status, text = world.get("/readyz")
    told = json.loads(text)["dependencies"]
    amiss = [f"{found['name']} {found['reason']}" for found in told if not told_well(found["state"], found["reason"])]
    return "ok" if status == 200 and not amiss else f"{status}: {' '.join(amiss)}"


def _metrics(world: World) -> str:
    status, text = world.get("/metrics")
    up = [f'redis_up{{instance="{name}"}} 1' in text for name in ("cache", "state")]
    return "ok" if status == 200 and all(up) else f"{status}: redis_up {up}"


def _collected(collector: str, source: str, interval_s: int) -> Callable[[World], str]:
    """The newest good run is no older than its interval, and the time to write it."""

    def look(world: World) -> str:
        rows = world.sql(
            "SELECT extract(epoch FROM clock_timestamp() - max(r.ts))::float FROM sample_run r"
            " JOIN sample_stream s ON s.id = r.stream WHERE r.outcome = 'o' AND r.tick > now() - interval '1 hour'"
            f" AND s.collector = '{collector}' AND s.source = '{source}'"
        )
        age = rows[0][0]
        return "ok" if age is not None and age <= interval_s + WRITTEN_S else "stale"

    return look


def _spool(world: World) -> str:
    waiting = len(list(world.data.glob("spool/*/*.runs")))
    return f"{waiting} batches" if waiting else "ok"


def _counts(world: World) -> str:
    total = int(world.sql("SELECT coalesce(sum(answers), 0) FROM telemetry_lookup WHERE step = 3600")[0][0])
    return "ok" if world.grew(total) <= 2.5 * FLUSH_S else "nothing new"


def _key_events(world: World) -> str:
    with redis.Redis(port=world.servers["cache"].port, password=PASSWORD, socket_timeout=1) as client:
        return "ok" if client.pubsub_numpat() else "nobody listens"


class Look(NamedTuple):
    """How it is looked, how late it may be well again, and the pause between two looks."""

    look: Callable[[World], str]
    bar_s: float = BAR_S
    every_s: float = 0.2


LOOKS: dict[str, Look] = {
    "dashboard: /readyz": Look(_ready, BAR_S + STANDING_S, 0.4),
    "dashboard: /metrics": Look(_metrics, BAR_S + INTERVAL_S + SEEN_S, 0.4),
    "collectors: cache": Look(_collected("redis_info", "cache", INTERVAL_S), BAR_S + INTERVAL_S + SEEN_S),
    "collectors: state": Look(_collected("redis_info", "state", INTERVAL_S), BAR_S + INTERVAL_S + SEEN_S),
    "collectors: postgres": Look(_collected("postgres_stats", "postgres", SLOW_S), BAR_S + SLOW_S + SEEN_S),
    "collectors: spool": Look(_spool, BAR_S + INTERVAL_S + SEEN_S),
    "collectors: key events": Look(_key_events, BAR_S + INTERVAL_S + SEEN_S),  # a reading tells that another server answers
    "core: counts arrive": Look(_counts, BAR_S + FLUSH_S + SEEN_S),
}


#: Told late on purpose: these are waited for when all else is well, and nobody is kept from measuring meanwhile.
TOLD_LATE = frozenset({"dashboard: /readyz"})


class Looking:
    """Looks at everything, each in a thread of its own, while it is on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._on = threading.Event()
        self._over = False
        self._seen: list[Seen] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._look, args=(name,), daemon=True) for name in LOOKS]
        for thread in self._threads:
            thread.start()

    def on(self, on: bool) -> None:
        """Begin or pause."""
        if on:
            self._on.set()
        else:
            self._on.clear()

    def take(self) -> list[Seen]:
        """What was seen since the last time."""
        with self._lock:
            taken, self._seen = self._seen, []
            return taken

    def close(self) -> None:
        """Look no more."""
        self._over = True
        self._on.set()

    def _look(self, name: str) -> None:
        while self._on.wait() and not self._over:
            began = time.monotonic()
            try:
                word = LOOKS[name].look(self._world)
            except (OSError, ValueError, KeyError, http.client.HTTPException, psycopg.Error, redis.RedisError) as error:
                word = type(error).__name__
            with self._lock:
                self._seen.append(Seen(name, began, time.monotonic(), word))
            time.sleep(LOOKS[name].every_s)
