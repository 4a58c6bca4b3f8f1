"""The guard of one cache server: skips it while it is away,
finds out in the background when it is back, repairs what it missed.
"""

import threading
from collections.abc import Sequence

from ...drivers.redis_faults import PASSING, REFUSED_WRITES, WRONG_WAY
from ...errors import CacheUnavailable
from ...outage_note import OutageNote
from ...ports import CacheServer
from .threads import Runtime

#: Back-off between two signs of life: min(n × STEP_S, LONGEST_S), give or take a quarter. Whatever was wrong and for
#: however long, a server that is well again is used within two seconds; also after a password was mended.
STEP_S = 0.05
LONGEST_S = 1.0
#: How long fills are left out after the server refused one (out of memory, read-only ...); reads go on.
NO_WRITES_S = 0.5
#: Keys deleted at once when a debt is paid: after a long outage all of them together would take longer than a deadline.
AT_ONCE = 500


class Guard:
    """`up` may be read without a lock on the hot path. `reason` is the last fault's word."""

    def __init__(self, server: CacheServer, runtime: Runtime) -> None:
        self.owed: set[str] = set()
        self._server = server
        self._runtime = runtime
        self._note = OutageNote("cache", "the cache", "answers come from the slower tiers")
        self.start_anew()

    def start_anew(self) -> None:
        """As if just made, but for what is owed: in a forked child nobody is looking."""
        self.up = True
        self.reason = ""
        self._lock = threading.Lock()
        self._no_writes_until = float("-inf")
        self._probing = False
        self._closed = False

    def writable(self) -> bool:
        """Whether fills and leases are worth trying."""
        return self.up and self._runtime.now() >= self._no_writes_until

    def failed(self, fault: CacheUnavailable) -> None:
        """A call failed.

        Decides between: nothing, no fills for a while, and not asking at all until it answers again.
        """
        self.reason = fault.detail
        if fault.detail in PASSING:
            return
        if fault.detail in WRONG_WAY:
            self._server.reset()
        if fault.detail in REFUSED_WRITES:
            self._no_writes_until = self._runtime.now() + NO_WRITES_S
            return
        self.up = False
        self._note.begin(fault.detail)
        self._probe()

    def owe(self, keys: Sequence[str]) -> None:
        """These could not be deleted.

        Until they are, this process does not read them; the debt is paid in the background.
        """
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
        try:
            self._runtime.spawn(self.look_until_back, "prosepolish-probe")
        except RuntimeError:  # no thread to be had: then the callers go on asking
            self._probing, self.up = False, True

    def look_until_back(self) -> None:
        """Ping with growing pauses; then pay what is owed, and let callers through again."""
        attempt = 0
        while not self._closed:
            attempt += 1
            self._runtime.pause(min(attempt * STEP_S, LONGEST_S) * (0.75 + 0.5 * self._runtime.share()))
            if self._back():
                return
        self._probing = False

    def _back(self) -> bool:
        try:
            self._server.ping()
            while owed := sorted(self.owed)[:AT_ONCE]:
                self._server.drop(owed)
                with self._lock:
                    self.owed.difference_update(owed)
        except CacheUnavailable as fault:
            self.reason = fault.detail
            if fault.detail in WRONG_WAY:
                self._server.reset()
            if fault.detail not in PASSING:
                self.up = fault.detail in REFUSED_WRITES  # then it reads; the debt stays
            return False
        with self._lock:
            if self.owed:
                return False
            self._probing = False
            self.up, self.reason = True, ""
        self._note.end()
        return True
