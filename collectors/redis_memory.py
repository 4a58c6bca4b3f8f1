"""redis_memory: MEMORY STATS, for what INFO does not say (bytes per key, tables per database)."""

from prosepolish_core.errors import SourceUnreadable
from prosepolish_core.watch.redis_info.flat import read_memory_stats

from .reading import ObservedServer, ScheduledRead, SourceReply

NAME = "redis_memory"


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """MEMORY STATS, whole."""
    samples = read_memory_stats(instance.observer.ask(NAME, "MEMORY", "STATS", timeout_s=entry.timeout_s))
    if not samples:
        raise SourceUnreadable("memory|stats")
    return SourceReply(samples)
