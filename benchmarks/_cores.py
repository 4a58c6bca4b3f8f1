"""Puts a server on one core and the callers on another, as on two machines, so that every side waits in the same way.

Where both share a core the reply comes without waking anybody up, four times as fast; which of the two happens is the
system's choice, and it may choose differently for two sides of one comparison. And no core falls asleep while one waits
for the other: to wake a virtual machine's core takes longer than the work that is measured, and how much longer depends
on what ran before. (Idle-class loops keep them awake; they give way to everybody.)
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

#: Argument: the core. Ends when its parent does.
_LOOP = """
import os, sys
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
os.sched_setaffinity(0, {int(sys.argv[1])})
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(100_000):
        pass
"""


@contextmanager
def apart(server_pid: int) -> Iterator[None]:
    """This process, and what it starts, on one core; the server on another.

    On a machine with one core nothing changes.
    """
    before = os.sched_getaffinity(0)
    ours, *others = sorted(before)
    if not others:
        yield
        return
    for task in Path(f"/proc/{server_pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), {others[0]})
    os.sched_setaffinity(0, {ours})
    with ExitStack() as ending:
        ending.callback(os.sched_setaffinity, 0, before)
        for core in (ours, others[0]):
            ending.enter_context(_awake(core))
        yield


@contextmanager
def _awake(core: int) -> Iterator[None]:
    loop = subprocess.Popen([sys.executable, "-c", _LOOP, str(core)])
    try:
        yield
    finally:
        loop.kill()
        loop.wait()
