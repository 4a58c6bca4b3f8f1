"""Child processes that never outlive the supervisor: own session, a signal when the parent dies, a log file each."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from prosepolish_core.errors import StartupError

from .embedded.account import Account

PR_SET_PDEATHSIG = 1
#: How long a child may take to end when it was insisted upon.
INSIST_S = 0.4


@dataclass(frozen=True)
class DemoPart:
    """What to run. `stop` asks politely, `insist` ends it without delay; `last` parts are stopped after all others."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    stop: signal.Signals = signal.SIGTERM
    insist: signal.Signals = signal.SIGKILL
    account: Account | None = None
    stdin: bytes = b""
    last: bool = False


@dataclass
class Child:
    """A running part."""

    part: DemoPart
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    @property
    def born(self) -> float:
        """When the process began, by the system's clock: with the pid it names one process for ever."""
        try:
            return psutil.Process(self.process.pid).create_time()
        except psutil.NoSuchProcess:
            return 0.0

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process; none if it has ended."""
        if self.alive:
            self.process.send_signal(number)

    def kill_group(self) -> None:
        """End whatever is left of its session."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    def last_words(self, lines: int = 3) -> str:
        """The end of its log, on one line."""
        return last_lines(self.part.log, lines)


def spawn(part: DemoPart) -> Child:
    """Start a part. Call from the main thread only: the death signal is bound to the thread that forked."""
    other = switched(part.account)
    try:
        part.log.parent.mkdir(parents=True, exist_ok=True)
        with part.log.open("ab") as log:
            process = subprocess.Popen(
                list(part.argv),
                env=dict(part.env),
                cwd=part.cwd,
                stdin=subprocess.PIPE if part.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tie(part.stop, part.account),  # noqa: PLW1509 - the supervisor has one thread
                user=other.uid if other else None,
                group=other.gid if other else None,
                extra_groups=[] if other else None,
            )
        if part.stdin and process.stdin:
            process.stdin.write(part.stdin)
            process.stdin.close()
    except BrokenPipeError:
        pass  # it ended at once; whoever waits for it will say so
    except (OSError, subprocess.SubprocessError) as error:
        raise StartupError(f"{part.name} cannot be started: {getattr(error, 'strerror', None) or type(error).__name__}") from None
    return Child(part, process)


def wait_until(ready: Callable[[], bool], child: Child, timeout_s: float, fix: str, stopping: Callable[[], bool]) -> None:
    """Wait until `ready`, or until we are told to stop.

    Raises StartupError when the child ends first or the time is over.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and not stopping():
        if ready():
            return
        if not child.alive:
            raise StartupError(f"{child.part.name} stopped while starting ({child.last_words() or 'it said nothing'}); {fix}")
        time.sleep(0.05)
    if not stopping():
        raise StartupError(f"{child.part.name} was not ready within {timeout_s:.0f} s (its log: {child.part.log}); {fix}")


def stop(children: Sequence[Child], patience_s: float) -> None:
    """Ask all to stop, wait together, then insist. Nothing is left when this returns."""
    for child in children:
        child.send(child.part.stop)
    _wait(children, patience_s)
    for child in children:
        child.send(child.part.insist)
    _wait(children, INSIST_S)
    for child in children:
        child.kill_group()
        child.process.wait()


def last_lines(log: Path, lines: int) -> str:
    """The last lines of a log file on one line; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 2000))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return " / ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())[:400]


def switched(account: Account | None) -> Account | None:
    """The account a child must switch to; None when it stays who we are (or enters a namespace by itself)."""
    return None if account is None or account.namespace else account


def _wait(children: Sequence[Child], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while any(child.alive for child in children) and time.monotonic() < deadline:
        time.sleep(0.02)


def tie(number: signal.Signals, account: Account | None) -> Callable[[], None] | None:
    """What the child does between fork and exec:
    enter the account's namespace, ask for a signal when the parent dies.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def prepare() -> None:
        if account and account.namespace:
            account.enter_namespace(libc)
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
