"""Is the stack of docker-compose.yml, started by hand and left alone, back two seconds after each of its servers?

Every service runs by its literal command. Each server in turn is killed, stopped by SIGTERM or frozen, comes back some
seconds later, and nothing else is touched. From the moment it answers we wait for the dashboard's /readyz, for a
service of our own that has kept its connections, and for the collectors' newest sample. `python -m
benchmarks.compose_outages [SECONDS …]`
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psycopg
import redis

from demo.standins import StandIns
from prosepolish_core import Config, Core, Limit
from prosepolish_core.errors import ProsePolishError

from ._compose import SERVERS, Stack
from ._table import row
from .recovery.looks import BAR_S, STANDING_S
from .recovery.probes import told_well

#: What /readyz tells is looked at every few seconds, and believed when it has gone on for a while.
TOLD_S = BAR_S + STANDING_S
#: Callers of the service during an outage, and the pause of each between two calls.
CALLERS, PAUSE_S = 24, 0.3
#: Longest we wait to see how late it was.
PATIENCE_S = 45.0
#: The server's name in compose -> in /readyz, and as a source of the collectors.
NAMES = {"redis": ("redis", "cache"), "redis-state": ("state", "state"), "postgres": ("postgres", "cache")}
WAYS = ("killed", "stopped", "frozen")
APPS = ("collectors", "dashboard")


class Seen(NamedTuple):
    """Seconds after the server answered until each was well; None: not within our patience."""

    readyz: float | None
    service: float | None
    collectors: float | None


BARS = Seen(TOLD_S, BAR_S, BAR_S)
EXPECTED = f"within {BAR_S:g} s, and told within {TOLD_S:g} s"


class Service:
    """A service of the user's own, as the user `app`: one Core that is never closed."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._token = core.sessions.create("u1").token or ""
        core.dictionary.lookup("house")

    def is_well(self) -> bool:
        """A lookup out of the cache, a write, a log-in checked and a limit, none of them degraded."""
        with suppress(ProsePolishError):
            core = self._core
            found = core.dictionary.lookup("house")
            written = core.profiles.update("u1", {"n": 1})
            return not (
                found.degraded
                or found.tier != "redis"
                or written.degraded
                or core.sessions.verify(self._token).degraded
                or core.limiter.check("u1", [Limit(100_000, per_s=60)]).degraded
            )
        return False


def answers(stack: Stack, server: str) -> bool:
    """Whether the server itself answers an administrator."""
    try:
        if server == "postgres":
            psycopg.connect(stack.database_url, connect_timeout=2).close()
        else:
            with redis.Redis.from_url(stack.address("admin", server), socket_timeout=0.5) as client:
                client.ping()
    except (redis.RedisError, psycopg.OperationalError):
        return False
    return True


def dashboard_says_well(stack: Stack, name: str) -> bool:
    """Whether one dependency is well in /readyz."""
    try:
        with urlopen(f"http://127.0.0.1:{stack.ports['dashboard']}/readyz", timeout=5) as reply:
            told = json.load(reply)
    except HTTPError as error:
        told = json.load(error)
    except (URLError, OSError, ValueError):
        return False
    return next(told_well(found["state"], found["reason"]) for found in told["dependencies"] if found["name"] == name)


def sampled(stack: Stack, source: str, since: float) -> bool:
    """Whether the collectors have stored a reading of the source that is younger than this moment."""
    question = """SELECT FROM collector_runs WHERE source = %s AND collector = 'redis_info' AND outcome = 'ok'
                  AND time > now() - interval '1 minute' AND read_at > to_timestamp(%s)"""
    try:
        with psycopg.connect(stack.database_url, connect_timeout=2) as connection:
            return connection.execute(question, (source, since)).fetchone() is not None
    except psycopg.Error:
        return False


def outage(stack: Stack, service: Service, server: str, way: str, seconds: float) -> Seen:
    """Take the server away, bring it back, and see how long everybody else takes."""
    if way == "frozen":
        process = stack.process(server)
        everyone = [process, *process.children(recursive=True)]
        for one in everyone:
            one.suspend()
        _use(service, seconds)
        for one in everyone:
            with suppress(Exception):  # a backend of PostgreSQL may have ended meanwhile
                one.resume()
    else:
        stack.kill(server) if way == "killed" else stack.stop(server)
        _use(service, seconds)
        stack.start(server)
    while not answers(stack, server):
        time.sleep(0.02)
    began, clock = time.monotonic(), time.time()
    name, source = NAMES[server]
    questions: list[Callable[[], bool]] = [
        lambda: dashboard_says_well(stack, name),
        service.is_well,
        lambda: sampled(stack, source, clock),
    ]
    found: list[float | None] = [None] * len(questions)

    def watch(number: int) -> None:
        while time.monotonic() - began < PATIENCE_S:
            if questions[number]():
                found[number] = time.monotonic() - began
                return
            time.sleep(0.05)

    threads = [threading.Thread(target=watch, args=(number,)) for number in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Seen(*found)


def _use(service: Service, seconds: float) -> None:
    """The outage is not quiet: the service goes on asking, for many callers at once."""
    until = time.monotonic() + seconds

    def ask() -> None:
        while time.monotonic() < until:
            service.is_well()
            time.sleep(PAUSE_S)

    callers = [threading.Thread(target=ask) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()


@contextmanager
def running() -> Iterator[tuple[Stack, Service]]:
    """The whole stack by hand, and a service beside it."""
    with tempfile.TemporaryDirectory(prefix="pp-outages-") as folder, StandIns(speed=100) as up:
        stack = Stack(Path(folder) / "stack", more={"PROSEPOLISH_INTERVAL_S": "1"})
        stack.settings = {
            "DICTIONARY_API_URL": up.dictionary_api.url,
            "GEMINI_API_ENDPOINT": up.gemini.url,
            "GEMINI_API_KEY": "stand-in",
            "PROSEPOLISH_STAND_INS": "dictionary_api,gemini",
        }
        try:
            for server in SERVERS:
                stack.start(server)
            for server in SERVERS:
                stack.wait(server)
            for once in ("migrate", "settings"):
                if stack.run(once) != 0:
                    raise RuntimeError(stack.log(once))
            for app in APPS:
                stack.start(app)
            stack.wait("dashboard", 120)
            environ = stack.environment("dashboard") | {
                "REDIS_URL": stack.address("app", "redis"),
                "REDIS_STATE_URL": stack.address("app", "redis-state"),
            }
            with Core.open(Config.from_env(environ)) as core:
                yield stack, Service(core)
        finally:
            stack.close()


def main() -> int:
    """Every server, every way, every length; 1 when somebody was later than the bar or had to be helped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="*", type=float, default=[4.0], help="lengths of the outages")
    parser.add_argument("--server", choices=SERVERS, action="append", help="only this server")
    chosen = parser.parse_args()
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # that connections are lost is what we are here for
    met = []
    with running() as (stack, service):
        began = {app: stack.process(app).pid for app in APPS}
        while not (service.is_well() and sampled(stack, "cache", 0) and sampled(stack, "state", 0)):
            time.sleep(0.1)
        for server in chosen.server or SERVERS:
            for way in WAYS:
                for seconds in chosen.seconds:
                    seen = outage(stack, service, server, way, seconds)
                    told = ", ".join(f"{n} {'never' if s is None else f'{s:.2f} s'}" for n, s in seen._asdict().items())
                    well = all(s is not None and s <= bar for s, bar in zip(seen, BARS, strict=True))
                    met.append(row(f"{server} {way} for {seconds:g} s", EXPECTED, told, well))
        check = stack.once("dashboard", ["prosepolish", "check"])
        met.append(row("prosepolish check at the end", "exit code 0", f"exit code {check}", check == 0))
        same = {app: stack.running[app].poll() is None and stack.process(app).pid for app in APPS} == began
        met.append(row("restarts of our own processes", "none", "none" if same else "some", same))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
