"""The popular limiters, in an environment of their own: made once under benchmarks/.peers, talked to over pipes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / ".peers" / "limiters"
PINS = ("limits==5.8.0", "throttled-py==3.5.0", "pyrate-limiter==4.5.1", "redis[hiredis]==7.4.1")
NAMES = (
    "limits fixed window",
    "limits sliding window counter",
    "limits sliding log",
    "throttled-py fixed window",
    "throttled-py sliding window",
    "throttled-py token bucket",
    "throttled-py GCRA",
    "pyrate-limiter log",
)


def python() -> Path:
    """The interpreter of the peers' environment; makes the environment when it is missing or pinned otherwise."""
    interpreter, pinned = FOLDER / "bin" / "python", FOLDER / "pins.json"
    if not pinned.exists() or json.loads(pinned.read_text()) != list(PINS):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
        subprocess.run([str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINS], check=True)
        pinned.write_text(json.dumps(PINS))
    return interpreter


@contextmanager
def peers(port: int) -> Iterator[Any]:
    """Ask a peer: `ask(name, what, **numbers)` gives what `peer_worker.py` found out."""
    worker = subprocess.Popen(
        [str(python()), str(Path(__file__).with_name("peer_worker.py")), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask(name: str, what: str, **numbers: float) -> Any:
        assert worker.stdin
        assert worker.stdout
        worker.stdin.write(json.dumps({"name": name, "what": what, **numbers}) + "\n")
        worker.stdin.flush()
        return json.loads(worker.stdout.readline())

    try:
        yield ask
    finally:
        assert worker.stdin
        worker.stdin.close()
        worker.wait(timeout=10)
