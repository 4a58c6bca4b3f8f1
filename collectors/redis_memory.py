"""redis_memory: MEMORY STATS, for what INFO does not say (bytes per key, tables per database)."""

from prosepolish_core.errors import SourceUnreadable
from prosepolish_core.watch.redis_info.flat import read_memory_stats

from .reading import Entry, Found, Instance

NAME = "redis_memory"


def read(instance: Instance, entry: Entry[Instance]) -> Found:
    """MEMORY STATS, whole."""
    samples = read_memory_stats(instance.observer.ask(NAME, "MEMORY", "STATS", timeout_s=entry.timeout_s))
    if not samples:
        raise SourceUnreadable("memory|stats")
    return Found(samples)
