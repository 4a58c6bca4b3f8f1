"""The other libraries, in an environment of their own:
made on first use under benchmarks/.peers, driven over pipes as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HOME = Path(__file__).parent / ".peers"
PYTHON = HOME / "venv" / "bin" / "python"
PINS = (
    "cashews[redis]==7.6.0",
    "aiocache[redis]==0.12.3",
    "dogpile.cache==1.5.0",
    "cachefence==0.1.0",
    "redis==8.1.0",
    "hiredis==3.5.0",
    "orjson",
    "libcachesim==0.3.5",
    "numpy",
)
NAMES = ("cashews", "aiocache", "dogpile.cache", "cachefence")


def ready() -> bool:
    """Whether the peers are installed; installs them when they are not and the package index can be reached."""
    stamp = HOME / "pins.txt"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == "\n".join(PINS):
        return True
    HOME.mkdir(exist_ok=True)
    print(f"Installing {', '.join(NAMES)} into {HOME.name} (once) ...", flush=True)
    for command in ([sys.executable, "-m", "venv", str(HOME / "venv")], [str(PYTHON), "-m", "pip", "install", "-q", *PINS]):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            print("The peers could not be installed; only our own figures follow.")
            return False
    stamp.write_text("\n".join(PINS))
    return True


def ask(peer: str, question: str, port: int, **options: Any) -> Any:
    """Run one question for one peer in its own process; None when it failed."""
    done = subprocess.run(
        [str(PYTHON), str(Path(__file__).parent / "_peer_side.py"), peer, question, str(port), json.dumps(options)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{peer} failed: {done.stderr.strip().splitlines()[-1:] or 'no message'}")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])
