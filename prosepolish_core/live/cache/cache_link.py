"""The link to one cache server, shared by every family of a process:
its guard, its lease keeper, its background work.
"""

from ...forks import on_fork
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
        on_fork(self)

    def start_anew(self) -> None:
        """Called in a forked child, where no thread of the parent runs."""
        for part in (self.runtime, self.guard, self.keeper):
            part.start_anew()

    def close(self) -> None:
        """Finish loads in progress, then stop everything in the background."""
        self.guard.close()
        self.runtime.close()
        self.keeper.close()
