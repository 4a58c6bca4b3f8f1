"""Puts a server on one core and the callers on another, as on two machines, so that every side waits in the same way.

Where both share a core the reply comes without waking anybody up, four times as fast; which of the two happens is the
system's choice, and it may choose differently for two sides of one comparison.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def apart(server_pid: int) -> Iterator[None]:
    """This process, and what it starts, on one core; the server on another. On a machine with one core nothing changes."""
    before = os.sched_getaffinity(0)
    ours, *others = sorted(before)
    if not others:
        yield
        return
    for task in Path(f"/proc/{server_pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), {others[0]})
    os.sched_setaffinity(0, {ours})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
