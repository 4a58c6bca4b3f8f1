"""Is a call that was sent ever in no row? Processes are killed, told to end, or exit while PostgreSQL hangs.

A thousand processes, several at once, share a data folder. Each asks a metering stand-in under a model's name of its
own; when all are gone PostgreSQL comes back, and one process more brings in what lies on the disk.
"""

from __future__ import annotations

import atexit
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks._stack import postgres, valkey
from benchmarks.proofs.table import Row
from prosepolish_core import Config, Core

from .metering import arrived

#: Processes at once, and the callers of each.
LANES, CALLERS = 12, 3
#: A process lives so long at most before its end is sent, in seconds; one that does not end by itself is killed.
LIFE_S, PATIENCE_S = (0.1, 1.5), 90.0
ENDS = ("kill -9", "SIGTERM", "exit", "exit without close")


class _Child(NamedTuple):
    pid: int
    end: str
    at: float


def run(seed: int, small: bool, servers: tuple[str, str] | None = None) -> list[Row]:
    """`servers` are the addresses of a Valkey and a PostgreSQL that are there already."""
    drawn, count = random.Random(seed), 16 if small else 1000
    with ExitStack() as stack:
        redis_url, database_url = servers or (stack.enter_context(valkey())[1], stack.enter_context(postgres()))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pp-proof-")))
        file = folder / "meter"
        file.touch()
        env = {
            "REDIS_URL": redis_url,
            "DATABASE_URL": stack.enter_context(hung()),
            "GEMINI_API_ENDPOINT": stack.enter_context(metering(file)),
            "GEMINI_API_KEY": "any",
            "PROSEPOLISH_DATA_DIR": str(folder / "data"),
            "PROSEPOLISH_REDIS_TIMEOUT_S": "5",
        }
        _preload()
        ends = _all(env, count, drawn)
        rows = brought_in(env | {"DATABASE_URL": database_url})
        return [_row(seed, ends, Counter(metered.model for metered in arrived(file)), rows)]


def _row(seed: int, ends: Counter[str], sent: Counter[str], rows: Counter[str]) -> Row:
    lost = sum((sent - rows).values())
    size = f"{sum(ends.values()):,} processes ({', '.join(f'{number} {end}' for end, number in sorted(ends.items()))})"
    early = sum((rows - sent).values())
    told = f"{lost} of {sum(sent.values()):,} calls that arrived; {early} rows of calls that did not get that far"
    return Row("calls sent but in no row", seed, size, told, "0", lost == 0 and sum(sent.values()) > 0)


@contextmanager
def hung() -> Iterator[str]:
    """A PostgreSQL that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        yield f"postgresql://postgres@127.0.0.1:{listener.getsockname()[1]}/postgres"


@contextmanager
def metering(file: Path) -> Iterator[str]:
    """The stand-in in a process of its own, so that this one has no thread when it forks."""
    command = [sys.executable, "-m", "benchmarks.savings_proofs.metering", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def brought_in(env: dict[str, str]) -> Counter[str]:
    """What lies on the disk comes to PostgreSQL; rows of paid calls by model, each call once."""
    with Core.open(Config.from_env(env)) as core:
        until = time.monotonic() + PATIENCE_S
        while any(Path(env["PROSEPOLISH_DATA_DIR"]).glob("ledger/*/*.calls")) and time.monotonic() < until:
            core.journal.adopt()
            while core.journal.ship():
                pass
        with core.pool.connection() as connection:
            statement = (
                "SELECT model, count(DISTINCT call_id) FROM llm_ledger WHERE kind = 'paid' AND model LIKE 'killed-%' GROUP BY model"
            )
            return Counter(dict(connection.execute(statement).fetchall()))


def _all(env: dict[str, str], count: int, drawn: random.Random) -> Counter[str]:
    """Start every process, end it in its way; how many ended how."""
    alive: list[_Child] = []
    ended: Counter[str] = Counter()
    for number in range(count):
        while len(alive) >= LANES:
            alive = _reaped(alive, ended)
        end = ENDS[number % len(ENDS)]
        life = drawn.uniform(*LIFE_S)
        alive.append(_forked({**env, "GEMINI_MODEL": f"killed-{number}"}, end, life))
    while alive:
        alive = _reaped(alive, ended)
    return ended


def _forked(env: dict[str, str], end: str, life_s: float) -> _Child:
    pid = os.fork()
    if not pid:
        try:
            atexit._clear()  # those of the parent are the parent's
            _live(env, life_s if end.startswith("exit") else PATIENCE_S, close=end == "exit")
        finally:
            os._exit(0)
    return _Child(pid, end, time.monotonic() + (life_s if not end.startswith("exit") else PATIENCE_S))


def _live(env: dict[str, str], life_s: float, *, close: bool) -> None:
    """Correct texts until the end: all of them new, so that each is a call."""
    core = Core.open(Config.from_env(env))

    def caller(name: int) -> None:
        for number in range(10**6):
            core.corrector.correct(f"Teh text {name} {number} of {env['GEMINI_MODEL']}.")

    for name in range(CALLERS):
        threading.Thread(target=caller, args=(name,), daemon=True).start()
    time.sleep(life_s)
    if close:
        core.close()
    else:
        atexit._run_exitfuncs()


def _reaped(alive: list[_Child], ended: Counter[str]) -> list[_Child]:
    """Send each its end when its time has come; those that are left."""
    left = []
    for child in alive:
        if time.monotonic() > child.at:
            os.kill(child.pid, signal.SIGTERM if child.end == "SIGTERM" else signal.SIGKILL)
        pid, _ = os.waitpid(child.pid, os.WNOHANG)
        if pid:
            ended[child.end] += 1
        else:
            left.append(child)
    time.sleep(0.005)
    return left


def _preload() -> None:
    """What takes a second to load, before the processes are forked that are killed."""
    import genai_prices.data_snapshot
    import google.generativeai  # noqa: F401

    genai_prices.data_snapshot.get_snapshot()
