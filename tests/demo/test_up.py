"""The whole stack, really: up, used, a second up, kill -9, up again with the data kept, Ctrl-C."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from demo.embedded.ports import free_port

pytestmark = pytest.mark.live
STARTED = "Ctrl-C"


class Up:
    """One `prosepolish up` in a process of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port
        self.output = data.parent / f"up-{time.monotonic_ns()}.txt"
        flags = ["--port", str(port), "--data-dir", str(data), "--speed", "50", "--rate", "10"]
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("REDIS_", "DATABASE_", "GEMINI_", "DICTIONARY_"))
        }
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "demo", *flags], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def text(self) -> str:
        """Everything printed so far."""
        return self.output.read_text(encoding="utf-8")

    def wait(self, ready: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
        """Wait for something to become true while the stack runs."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, f"no {what}: {self.text()}"
            time.sleep(0.1)

    def setting(self, name: str) -> str:
        """A value from the file made for other terminals."""
        found = dict(line.split("=", 1) for line in (self.data / "env").read_text(encoding="utf-8").splitlines())
        return shlex.split(found[name])[0]

    def pids(self) -> list[int]:
        """The children it noted."""
        return [child["pid"] for child in json.loads((self.data / "run.json").read_text(encoding="utf-8"))]


@contextmanager
def running(data: Path, port: int) -> Iterator[Up]:
    """A stack that has printed its status screen; whatever happens, it is gone afterwards."""
    up = Up(data, port)
    try:
        up.wait(lambda: STARTED in up.text(), "status screen")
        yield up
    finally:
        if up.process.poll() is None:
            up.process.send_signal(signal.SIGTERM)
            up.process.wait(20)


def left(pids: list[int]) -> list[int]:
    """Those of the processes that still run."""
    return [p for p in pids if psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE]


def answered(up: Up) -> int:
    """Words the traffic brought into tier 2."""
    with psycopg.connect(up.setting("DATABASE_URL")) as connection:
        row = connection.execute("SELECT count(*) FROM dictionary_words").fetchone()
    return int(row[0]) if row else 0


def test_the_stack_lives_through_a_kill_and_ends_without_a_trace(tmp_path: Path) -> None:
    """Fresh start, a second one refused, kill -9, recovery with the data kept, and Ctrl-C that leaves nothing."""
    data, port = tmp_path / "data", free_port()
    with running(data, port) as first:
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
        faults = httpx.get(f"{first.setting('PROSEPOLISH_FAULTS_URL')}/faults", trust_env=False).json()
        assert faults == {"dictionary_api": [], "gemini": []}  # what the dashboard's buttons turn
        with psycopg.connect(first.setting("DATABASE_URL")) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (7)")
        second = subprocess.run(
            [sys.executable, "-m", "demo", "--data-dir", str(data), "--port", str(free_port())],
            check=False,
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert "another `prosepolish up`" in second.stderr
        assert "Traceback" not in second.stderr
        orphans = first.pids()
        assert len(orphans) >= 6
        first.process.kill()
        first.process.wait()

    with running(data, port) as again:
        assert left(orphans) == []
        with psycopg.connect(again.setting("DATABASE_URL")) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
        again.wait(lambda: answered(again) > 0, "answer in tier 2", 20)
        children = again.pids()
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(20) == 0
        assert left(children) == []
        assert "Traceback" not in again.text()
    assert again.pids() == []
