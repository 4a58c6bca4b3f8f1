"""The supervisor's watch over its parts."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from demo.children import INSIST_S, DemoPart
from demo.folder import DataFolder
from demo.options import Options
from demo.plan import DemoPlan
from demo.supervisor import MOST_FALLS, PROGRAMS_S, SERVERS_S, Supervisor
from prosepolish_core.errors import StartupError

pytestmark = pytest.mark.live

NOTHING = DemoPlan(cache=False, state=False, postgres=False, dictionary_api=False, gemini=False)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    """A supervisor without parts, on a folder of its own; it stops what a test gave it."""
    with DataFolder(tmp_path / "data") as folder:
        made = Supervisor(NOTHING, Options(1, folder.path), folder, {}, said.append)
        yield made
        made._stop()


def part(supervisor: Supervisor, name: str, code: str) -> DemoPart:
    """A Python child."""
    return DemoPart(name, [sys.executable, "-c", code], dict(os.environ), supervisor.folder.path, supervisor.folder.log(name))


def test_a_fallen_part_is_started_again_until_we_are_told_to_stop(supervisor: Supervisor, said: list[str]) -> None:
    """A killed child comes back under the same name; it is noted with its new number."""
    child = supervisor._run(part(supervisor, "dashboard", "import time; time.sleep(60)"))
    child.process.kill()
    timer = threading.Timer(0.6, supervisor._told_to_stop, (signal.SIGTERM, None))
    timer.start()

    supervisor.watch()

    ((name, pid),) = supervisor.processes()
    assert name == "dashboard"
    assert pid != child.process.pid
    assert psutil.pid_exists(pid)
    assert supervisor.folder.remembered()[0]["pid"] == pid
    assert said == ["dashboard stopped; starting it again"]


def test_a_part_that_is_needed_and_keeps_falling_ends_the_run(supervisor: Supervisor) -> None:
    """After a few falls the reason and the log are told."""
    supervisor._run(part(supervisor, "dashboard", "raise SystemExit('no such page')"))

    with pytest.raises(StartupError, match=r"dashboard keeps stopping \(no such page\).*dashboard\.log"):
        supervisor.watch()


def test_a_part_that_can_be_missed_is_left_off(supervisor: Supervisor, said: list[str]) -> None:
    """Without traffic the rest goes on."""
    supervisor._run(part(supervisor, "traffic", "raise SystemExit(1)"))
    supervisor._run(part(supervisor, "dashboard", "import time; time.sleep(60)"))
    timer = threading.Timer(3.0, supervisor._told_to_stop, (signal.SIGTERM, None))
    timer.start()

    supervisor.watch()

    assert [name for name, _ in supervisor.processes()] == ["dashboard"]
    assert len([line for line in said if "starting it again" in line]) == MOST_FALLS
    assert "is left off" in said[-1]


def test_stopping_takes_less_than_five_seconds_at_worst() -> None:
    """Even when nobody listens: the patience with programs and servers, and the insisting after each."""
    assert PROGRAMS_S + SERVERS_S + 2 * INSIST_S < 4.5


def test_nothing_is_left_after_a_failed_start(tmp_path: Path, said: list[str]) -> None:
    """An error inside the run stops every child and restores the signal handlers."""
    before = signal.getsignal(signal.SIGINT)
    with DataFolder(tmp_path / "data") as folder:
        made = Supervisor(NOTHING, Options(1, folder.path), folder, {}, said.append)
        made._start = lambda: None  # type: ignore[method-assign]
        pids: list[int] = []
        with pytest.raises(StartupError, match="enough"):
            _fail_while_running(made, pids)

    assert len(pids) == 1
    assert not psutil.pid_exists(pids[0])
    assert signal.getsignal(signal.SIGINT) is before
    assert folder.remembered() == []


def _fail_while_running(supervisor: Supervisor, pids: list[int]) -> None:
    with supervisor.running():
        pids.append(supervisor._run(part(supervisor, "dashboard", "import time; time.sleep(60)")).process.pid)
        raise StartupError("enough")


def test_a_disk_that_filled_up_does_not_spoil_the_stop(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note of running children cannot be written: they are stopped all the same, and no error is made of it."""
    child = supervisor._run(part(supervisor, "dashboard", "import time; time.sleep(60)"))

    def full(*_: object) -> None:
        raise StartupError("the disk is full")

    monkeypatch.setattr(supervisor.folder, "remember", full)
    supervisor._stop()

    assert not psutil.pid_exists(child.process.pid)
    assert supervisor.stopping
