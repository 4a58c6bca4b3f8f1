"""Ends what a killed run left behind: exactly the processes it noted, recognised by number and time of birth."""

import contextlib
import signal
from collections.abc import Iterable, Mapping
from typing import Any

import psutil

#: A process is the one noted when its birth differs by less than this (clock steps move it a little).
SAME_BIRTH_S = 2.0


def end(noted: Iterable[Mapping[str, Any]], patience_s: float = 3.0) -> list[str]:
    """Stop the noted processes that still run; their names. Any other process with a reused number is left alone."""
    found = [(child, process) for child in noted if (process := _same(child["pid"], child["born"]))]
    for child, process in found:
        with contextlib.suppress(psutil.Error):
            process.send_signal(child.get("stop", signal.SIGTERM))
    _, alive = psutil.wait_procs([process for _, process in found], timeout=patience_s)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=1.0)
    return [str(child.get("name", "")) for child, _ in found]


def _same(pid: int, born: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - born) < SAME_BIRTH_S and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return process if same else None
