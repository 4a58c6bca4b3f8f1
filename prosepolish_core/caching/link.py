"""The link to one cache server, shared by every family of a process: its guard, its lease keeper, its background work."""

from ..ports import CacheServer
from .guard import Guard
from .keeper import Keeper
from .runtime import Runtime, Threads


class CacheLink:
    """One per Core. Opens nothing by itself."""

    def __init__(self, server: CacheServer, runtime: Runtime | None = None) -> None:
        self.server = server
        self.runtime = runtime or Threads()
        self.guard = Guard(server, self.runtime)
        self.keeper = Keeper(server, self.runtime)

    def close(self) -> None:
        """Finish loads in progress, then stop everything in the background."""
        self.guard.close()
        self.runtime.close()
        self.keeper.close()
