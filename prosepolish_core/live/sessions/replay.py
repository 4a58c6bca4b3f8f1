"""What PostgreSQL knows to be revoked, told to Redis again:
after a restart, a failover, a failed call, and every few seconds.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

from ...drivers.redis_scripts import ScriptFault
from ...errors import StoreUnavailable
from ...forks import on_fork
from .postgres_sessions import PostgresSessions
from .redis_sessions import FastSessions

#: Seconds between two replays: how long a process that could not reach Redis may keep another from knowing.
REPLAY_S = 10.0
#: Pause after a replay that failed: a server that is back is believed again within a second.
AGAIN_S = 0.5
BATCH = 1000


class Replay:
    """Replays the log from where this data set says it stands. Repeating a change does nothing.

    The mark moves only over settled changes: younger ones are read again, so that a late commit is not passed over.
    """

    def __init__(self, fast: FastSessions, store: PostgresSessions, *, every_s: float = REPLAY_S) -> None:
        self._fast = fast
        self._store = store
        self._every_s = every_s
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """In a forked child the thread is the parent's: `started` tells the next caller to start one."""
        self.started = False
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def now(self) -> int:
        """Replay at once; gives how many changes. Raises StoreUnavailable or ScriptFault."""
        with self._lock:
            start = self._fast.replayed_to()
            place, mark, count = start, start, 0
            while changes := self._store.changes(place, BATCH):
                self._fast.end(
                    [(change.tag, change.dead_hash) for change in changes if change.dead_hash],
                    [(change.tag, change.generation) for change in changes if change.generation],
                )
                place, count = changes[-1].seq, count + len(changes)
                mark = max([mark, *(change.seq for change in changes if change.settled)])
            self._fast.note_replayed(mark)
            return count

    def start(self, action: Callable[[], object]) -> None:
        """Do `action` (which replays) every few seconds beside the callers."""
        with self._lock:
            self.started = True
            if self._thread is None and self._every_s > 0:
                self._wake.set()  # the first turn is now: who ended something and then died may not have told Redis
                self._thread = threading.Thread(target=self._run, args=(action,), name="session-replay", daemon=True)
                self._thread.start()

    def hurry(self) -> None:
        """Redis could not be told something: replay as soon as it can be."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _run(self, action: Callable[[], object]) -> None:
        while not self._stop.is_set():
            self._wake.wait(self._every_s)
            self._wake.clear()
            while not self._stop.is_set():
                with suppress(StoreUnavailable, ScriptFault):
                    action()
                    break
                self._stop.wait(min(AGAIN_S, self._every_s))
