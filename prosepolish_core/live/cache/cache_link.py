"""The link to one cache server, shared by every family of a process: its guard, its lease keeper, its background work."""

import os
import weakref
from collections.abc import Callable

from ...ports import CacheServer
from .lease_keeper import LeaseKeeper
from .server_guard import Guard
from .threads import Runtime, Threads


class CacheLink:
    """One per Core. Opens nothing by itself."""

    def __init__(self, server: CacheServer, runtime: Runtime | None = None) -> None:
        self.server = server
        self.runtime = runtime or Threads()
        self.guard = Guard(server, self.runtime)
        self.keeper = LeaseKeeper(server, self.runtime)
        self._in_flight: list[Callable[[], None]] = []
        _ALL.add(self)

    def on_fork(self, forget: Callable[[], None]) -> None:
        """What a family does in a forked child: the loads in progress are the parent's."""
        self._in_flight.append(forget)

    def start_anew(self) -> None:
        """Called in a forked child, where no thread of the parent runs."""
        for part in (self.runtime, self.guard, self.keeper):
            part.start_anew()
        for forget in self._in_flight:
            forget()

    def close(self) -> None:
        """Finish loads in progress, then stop everything in the background."""
        self.guard.close()
        self.runtime.close()
        self.keeper.close()


_ALL: "weakref.WeakSet[CacheLink]" = weakref.WeakSet()


def _in_the_child() -> None:
    for link in list(_ALL):
        link.start_anew()


os.register_at_fork(after_in_child=_in_the_child)
