"""The guard of one cache server: skips it while it is away, finds out in the background when it is back, repairs what it missed."""

import threading
from collections.abc import Sequence

from ...errors import CacheUnavailable
from ...ports import CacheServer
from .threads import Runtime

#: Back-off between two signs of life: min(n × STEP_S, LONGEST_S), give or take a quarter; slower after GIVE_UP of them.
STEP_S = 0.05
LONGEST_S = 2.0
GIVE_UP = 10
#: For faults that only a person can mend: a refused password must not be tried again and again.
PERMANENT_S = 30.0
#: How long fills are left out after the server refused one (out of memory, read-only ...); reads go on.
NO_WRITES_S = 1.0
_REFUSED_WRITES = frozenset({"read_only", "out_of_memory", "misconf", "no_replicas", "no_permission", "wrong_type", "moved"})
_PERMANENT = frozenset({"auth", "no_permission"})
#: Faults of one call or one pool, not of the server.
_PASSING = frozenset({"pool_exhausted", "no_script"})


class Guard:
    """`up` may be read without a lock on the hot path. `reason` is the last fault's word."""

    def __init__(self, server: CacheServer, runtime: Runtime) -> None:
        self.owed: set[str] = set()
        self._server = server
        self._runtime = runtime
        self.start_anew()

    def start_anew(self) -> None:
        """As if just made, but for what is owed: in a forked child nobody is looking."""
        self.up = True
        self.reason = ""
        self.gave_up = False
        self._lock = threading.Lock()
        self._no_writes_until = float("-inf")
        self._probing = False
        self._closed = False

    def writable(self) -> bool:
        """Whether fills and leases are worth trying."""
        return self.up and self._runtime.now() >= self._no_writes_until

    def failed(self, fault: CacheUnavailable) -> None:
        """A call failed. Decides between: nothing, no fills for a while, and not asking at all until it answers again."""
        self.reason = fault.detail
        if fault.detail in _PASSING:
            return
        if fault.detail in _REFUSED_WRITES:
            self._no_writes_until = self._runtime.now() + NO_WRITES_S
            if fault.detail in {"read_only", "moved"}:
                self._server.reset()
            return
        self.up = False
        self._probe()

    def owe(self, keys: Sequence[str]) -> None:
        """These could not be deleted. Until they are, this process does not read them; the debt is paid in the background."""
        with self._lock:
            self.owed.update(keys)
        self._probe()

    def close(self) -> None:
        """Stop looking."""
        self._closed = True

    def _probe(self) -> None:
        with self._lock:
            if self._probing or self._closed:
                return
            self._probing = True
        self._runtime.spawn(self.look_until_back, "prosepolish-probe")

    def look_until_back(self) -> None:
        """Ping with growing pauses; then pay what is owed, and let callers through again."""
        attempt = 0
        while not self._closed:
            attempt += 1
            self.gave_up = attempt > GIVE_UP
            wait = PERMANENT_S if self.reason in _PERMANENT else min(attempt * STEP_S, LONGEST_S)
            self._runtime.pause(wait * (0.75 + 0.5 * self._runtime.share()))
            if self._back():
                return
        self._probing = False

    def _back(self) -> bool:
        try:
            self._server.ping()
            owed = sorted(self.owed)
            self._server.drop(owed)
        except CacheUnavailable as fault:
            self.reason = fault.detail
            if fault.detail not in _REFUSED_WRITES:
                return False
            self.up = True  # it reads; the debt stays
            return False
        with self._lock:
            self.owed.difference_update(owed)
            if self.owed:
                return False
            self._probing = False
            self.up, self.gave_up, self.reason = True, False, ""
        return True
