"""What a killed run left behind."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from demo import leftovers


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that would sleep for a minute."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_the_noted_process_is_ended(sleeper: subprocess.Popen[bytes]) -> None:
    """Number and birth fit: it is ended and named."""
    born = psutil.Process(sleeper.pid).create_time()

    assert leftovers.end([{"name": "traffic", "pid": sleeper.pid, "born": born, "stop": 15}]) == ["traffic"]
    assert not psutil.pid_exists(sleeper.pid)


def test_another_process_with_the_same_number_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    """A reused number with another birth is not ours."""
    born = psutil.Process(sleeper.pid).create_time()

    assert leftovers.end([{"name": "traffic", "pid": sleeper.pid, "born": born - 3600, "stop": 15}]) == []
    assert sleeper.poll() is None


def test_a_process_that_ignores_the_request_is_killed() -> None:
    """After its patience it is ended all the same."""
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    born = psutil.Process(process.pid).create_time()

    leftovers.end([{"name": "stubborn", "pid": process.pid, "born": born, "stop": 15}], patience_s=0.1)

    assert not psutil.pid_exists(process.pid)
    process.wait(2)
    process.stdout.close()


def test_processes_that_are_gone_are_nothing() -> None:
    """An orderly stop leaves nothing to end."""
    assert leftovers.end([{"name": "gone", "pid": 2**22 - 7, "born": 1.0, "stop": 15}]) == []
