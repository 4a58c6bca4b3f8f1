"""The schedule: every collector with its interval, time-out and budget, in one table."""

from typing import Any, NamedTuple

from . import (
    collector_health,
    postgres_stats,
    redis_census,
    redis_clients,
    redis_config,
    redis_info,
    redis_keyevents,
    redis_latency,
    redis_memory,
    redis_ping,
    redis_slowlog,
    redis_topology,
    store_upkeep,
)
from .collector_health import Process
from .reading import Database, ObservedServer, ScheduledRead

REDIS: tuple[ScheduledRead[ObservedServer], ...] = (
    ScheduledRead(redis_info.NAME, "INFO of every instance, whole, and what we cost it", redis_info.read, sweep=redis_info.sweep),
    ScheduledRead(redis_ping.NAME, "round trip of five PINGs", redis_ping.read),
    ScheduledRead(redis_latency.NAME, "LATENCY HISTOGRAM and LATENCY LATEST", redis_latency.read, at_least_s=5),
    ScheduledRead(redis_slowlog.NAME, "new SLOWLOG entries, arguments left out", redis_slowlog.read, at_least_s=5),
    ScheduledRead(
        redis_clients.NAME, "CLIENT LIST, grouped by name, user and library", redis_clients.read, factor=6, at_least_s=10
    ),
    ScheduledRead(redis_memory.NAME, "MEMORY STATS", redis_memory.read, factor=6, at_least_s=10),
    ScheduledRead(redis_topology.NAME, "role and CLUSTER INFO", redis_topology.read, factor=3, at_least_s=10),
    ScheduledRead(redis_census.NAME, "keys and bytes by family, from a sample", redis_census.read, at_least_s=5, budget_s=0.1),
    ScheduledRead(redis_keyevents.NAME, "misses, expirations, evictions by family (opt-in)", redis_keyevents.read, at_least_s=5),
    ScheduledRead(
        redis_config.NAME, "a short list of settings: CONFIG GET, INFO, an export", redis_config.read, factor=30, at_least_s=60
    ),
)
POSTGRES: tuple[ScheduledRead[Database], ...] = (
    ScheduledRead(postgres_stats.NAME, "sizes, connections, cache hits, replication", postgres_stats.read, factor=3, at_least_s=10),
    ScheduledRead(store_upkeep.NAME, "roll-ups and retention", store_upkeep.read, 6, 60, timeout_s=60, budget_s=5, once=False),
)
OWN: tuple[ScheduledRead[Process], ...] = (
    ScheduledRead(collector_health.NAME, "this process: lag, failures, spool, what it costs", collector_health.read, at_least_s=5),
)
ENTRIES: tuple[ScheduledRead[Any], ...] = (*REDIS, *POSTGRES, *OWN)


class Row(NamedTuple):
    """One line of `--list`."""

    collector: str
    interval_s: int
    timeout_s: float
    budget_s: float
    about: str


def rows(base_s: float) -> list[Row]:
    """The schedule as it runs with this base interval."""
    return [Row(e.name, e.interval_s(base_s), e.timeout_s, e.budget_s, e.about) for e in ENTRIES]
