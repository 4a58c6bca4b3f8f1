"""What the caching layer needs of the machine: clocks, tokens, signals and background work.

The race campaign replaces it.
"""

import random
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Protocol

from ...ports import Signal

#: Loads that may run at once, and that may wait for their turn, in one process.
WORKERS = 32
WAITING = 256


class Runtime(Protocol):
    """Clock, tokens, signals, background work."""

    def now(self) -> float:
        """Seconds of a monotonic clock."""

    def wall_ms(self) -> int:
        """Milliseconds since the epoch."""

    def token(self) -> str:
        """16 characters that nobody else has."""

    def share(self) -> float:
        """A random share, 0 to 1."""

    def signal(self) -> Signal:
        """A new signal."""

    def submit(self, work: Callable[[], None]) -> bool:
        """Run in the background; False when too much is waiting already."""

    def spawn(self, work: Callable[[], None], name: str) -> None:
        """Run beside everything else, however much is waiting; for the layer's own few threads."""

    def pause(self, seconds: float) -> None:
        """Let time pass."""

    def start_anew(self) -> None:
        """Called in a forked child."""

    def close(self) -> None:
        """Finish what runs, drop what waits."""


class Threads:
    """The real one."""

    now = staticmethod(time.perf_counter)
    share = staticmethod(random.random)

    def __init__(self, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._workers, self._waiting = workers, waiting
        self.start_anew()

    def start_anew(self) -> None:
        """As if just made: in a forked child the parent's threads do not run."""
        self._room = threading.Semaphore(self._workers + self._waiting)
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._closed = threading.Event()
        self._closing = False

    def wall_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def token(self) -> str:
        """16 characters that nobody else has."""
        return secrets.token_hex(8)

    def signal(self) -> Signal:
        return threading.Event()

    def submit(self, work: Callable[[], None]) -> bool:
        """Run in the background, with the caller's provenance; False when too much is waiting already."""
        if self._closing or not self._room.acquire(blocking=False):
            return False
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="prosepolish-load")
        try:
            self._pool.submit(copy_context().run, work).add_done_callback(lambda _: self._room.release())
        except RuntimeError:  # the interpreter is going down
            self._room.release()
            return False
        return True

    def spawn(self, work: Callable[[], None], name: str) -> None:
        """A thread of its own, which does not keep the process alive."""
        threading.Thread(target=work, name=name, daemon=True).start()

    def pause(self, seconds: float) -> None:
        """Let time pass, or end early when closed."""
        self._closed.wait(seconds)

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._closing = True
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._closed.set()  # last: leases of loads still running are prolonged between pauses
