"""A collector in a process of its own that starts in milliseconds (forked from
one that has imported all): fit to be killed.
"""

import os
import signal
import sys
import time
from typing import TextIO

from collectors.__main__ import main


class Killable:
    """`python -m collectors --interval 1` under this environment; what it logs can be read from `stderr`."""

    def __init__(self, env: dict[str, str]) -> None:
        out, into = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(out)
            _be_the_collector(env, into)
        os.close(into)
        self.stderr: TextIO = os.fdopen(out)

    def kill(self) -> int:
        """SIGKILL, and the wait for the end."""
        return self.end(signal.SIGKILL, 60)

    def end(self, number: signal.Signals, wait_s: float) -> int:
        """Send a signal; the exit code (negative: the signal it died of)."""
        os.kill(self.pid, number)
        until = time.monotonic() + wait_s
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.01)


def _be_the_collector(env: dict[str, str], into: int) -> None:
    code = 70
    try:
        os.dup2(into, 2)
        os.environ.clear()
        os.environ.update(env)
        main.main(args=["--interval", "1"], prog_name="collectors", standalone_mode=False)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stderr.flush()
        os._exit(code)
