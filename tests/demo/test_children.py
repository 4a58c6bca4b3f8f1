"""Child processes under the supervisor."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from demo.children import DemoPart, last_lines, spawn, stop, wait_until
from prosepolish_core.errors import StartupError

SLEEP = "import time; print('ready', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"


def part(tmp_path: Path, code: str, **more: object) -> DemoPart:
    """A Python child that runs `code`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return DemoPart("helper", [sys.executable, "-c", code], env, tmp_path, tmp_path / "logs" / "helper.log", **more)  # type: ignore[arg-type]


def test_all_are_stopped_even_those_that_do_not_listen(tmp_path: Path) -> None:
    """Those that listen end by the polite signal, the others without delay; none is left."""
    children = [spawn(part(tmp_path, SLEEP)), spawn(part(tmp_path, DEAF))]
    wait_until(lambda: last_lines(children[0].part.log, 9).count("ready") == 2, children[0], 10, "", lambda: False)

    stop(children, 0.3)

    assert [child.process.returncode for child in children] == [-signal.SIGTERM, -signal.SIGKILL]


def test_a_child_that_ends_while_starting_says_why(tmp_path: Path) -> None:
    """The last line of its log and the fix are in the one sentence."""
    child = spawn(part(tmp_path, "raise SystemExit('no port left')"))

    with pytest.raises(StartupError, match=r"helper stopped while starting .no port left.; set THIS"):
        wait_until(lambda: False, child, 10, "set THIS", lambda: False)


def test_a_child_that_is_never_ready_is_told_with_its_log(tmp_path: Path) -> None:
    """The time is over: the log is named."""
    child = spawn(part(tmp_path, SLEEP))
    with pytest.raises(StartupError, match=r"not ready within 0 s .*helper\.log"):
        wait_until(lambda: False, child, 0.1, "", lambda: False)
    stop([child], 1)


def test_a_program_that_cannot_be_run_is_one_sentence(tmp_path: Path) -> None:
    """A missing binary is no traceback."""
    with pytest.raises(StartupError, match="helper cannot be started: No such file"):
        spawn(DemoPart("helper", [str(tmp_path / "nothing")], {}, tmp_path, tmp_path / "log"))


def test_input_goes_in_by_stdin(tmp_path: Path) -> None:
    """What must not be seen in the process list is read from standard input."""
    child = spawn(part(tmp_path, "import sys; print(sys.stdin.read().upper())", stdin=b"quiet"))
    child.process.wait(10)

    assert child.last_words() == "QUIET"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the death signal is Linux's")
def test_a_child_dies_with_its_parent_however_that_ended(tmp_path: Path) -> None:
    """After a SIGKILL of the parent the child gets its own stop signal."""
    code = (
        "import os, sys; from pathlib import Path; from demo.children import DemoPart, spawn\n"
        f"folder = Path({str(tmp_path)!r})\n"
        f"child = spawn(DemoPart('helper', [sys.executable, '-c', {SLEEP!r}], dict(os.environ), folder, folder / 'log'))\n"
        "print(child.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    pid = int(ended.stdout)
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)

    assert ended.returncode == -9
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
