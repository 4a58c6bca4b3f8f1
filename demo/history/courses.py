"""What the collectors would have read of a simulated world: one course per source and collector, series by series."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from prosepolish_core.model.sample import INFO, Kind, Labels

from .knobs import Flags, Instance, Knobs, Numbers

C, G = Kind.COUNTER, Kind.GAUGE
MB = 1024.0**2
#: What each server holds at most, and what it does then.
SERVERS = {"cache": (256 * MB, "allkeys-lru"), "state": (128 * MB, "noeviction")}
REPLICA: Labels = (("replica", "10.0.0.9:6379"),)
#: Bounds of LATENCY HISTOGRAM, in seconds.
LATENCY_S = (*(2.0**n * 1e-6 for n in range(3, 16)), float("inf"))
#: Seconds between two runs of the collectors that are slower than INFO.
SLOWER_S = {"postgres_stats": 10.0, "redis_census": 60.0}


class SeriesColumn(NamedTuple):
    """One series: a number per instant."""

    metric: str
    values: Numbers
    kind: Kind = G
    unit: str = "1"
    labels: Labels = ()


class StreamCourse(NamedTuple):
    """One stream: when the collector ran, when its source answered, what it read.

    `states` are the strings read, of the process with this number (`starts`).
    """

    source: str
    collector: str
    every_s: float
    ran: Flags
    answered: Flags
    columns: tuple[SeriesColumn, ...]
    starts: Numbers
    states: Mapping[int, Mapping[str, str]]


def streams(knobs: Knobs) -> Iterator[StreamCourse]:
    """Every stream of the world."""
    for name, instance in (("cache", knobs.cache), ("state", knobs.state)):
        ran = knobs.collectors & knobs.reads_cache if name == "cache" else knobs.collectors
        states = {int(n): _state(name, int(n)) for n in np.unique(instance.starts)}
        for collector, columns in _of_instance(name, instance, knobs).items():
            every = SLOWER_S.get(collector, knobs.step_s)
            yield StreamCourse(
                name, collector, every, ran, ran & instance.ready, columns, instance.starts, states if collector == INFO else {}
            )
    none: Numbers = np.zeros(len(knobs.at))
    yield StreamCourse(
        "postgres",
        "postgres_stats",
        SLOWER_S["postgres_stats"],
        knobs.collectors,
        knobs.collectors & knobs.postgres,
        tuple(_postgres(knobs)),
        none,
        {0: {"version": "17.2 (simulated)", "server": "postgres"}},
    )
    yield StreamCourse(
        "collectors", "collector_health", knobs.step_s, knobs.collectors, knobs.collectors, tuple(_own(knobs)), none, {}
    )


def _state(name: str, start: int) -> dict[str, str]:
    return {
        "run_id": f"simulated-{name}-{start}",
        "version": "8.1.4",
        "server": "valkey",
        "role": "master",
        "mode": "standalone",
        "maxmemory_policy": SERVERS[name][1],
        "os": "Linux (simulated)",
    }


def _of_instance(name: str, of: Instance, knobs: Knobs) -> dict[str, tuple[SeriesColumn, ...]]:
    limit, _ = SERVERS[name]
    commands = knobs.load * (2.2 if name == "cache" else 0.8)
    calls = {"get": commands * 0.8, "set": commands * 0.2}

    def counted(per_s: Numbers) -> Numbers:
        return _counted(per_s, of, knobs)

    info = [
        SeriesColumn("uptime_in_seconds", _counted(np.ones(len(knobs.at)), of, knobs), G, "seconds"),
        SeriesColumn("used_memory", of.used * limit, G, "bytes"),
        SeriesColumn("used_memory_rss", of.used * limit * 1.12 + 9 * MB, G, "bytes"),
        SeriesColumn("used_memory_peak", np.maximum.accumulate(of.used * limit), G, "bytes"),
        SeriesColumn("maxmemory", np.full(len(knobs.at), limit), G, "bytes"),
        SeriesColumn("mem_not_counted_for_evict", np.zeros(len(knobs.at)), G, "bytes"),
        SeriesColumn("total_system_memory", np.full(len(knobs.at), 16 * 1024 * MB), G, "bytes"),
        SeriesColumn("allocator_frag_ratio", 1.06 + 0.02 * np.sin(knobs.at / 9000)),
        SeriesColumn("allocator_frag_bytes", of.used * limit * 0.06, G, "bytes"),
        SeriesColumn("mem_fragmentation_ratio", 1.15 + 0.02 * np.sin(knobs.at / 9000)),
        SeriesColumn("connected_clients", of.clients),
        SeriesColumn("maxclients", np.full(len(knobs.at), 1000.0)),
        SeriesColumn("db_keys", np.round(of.used * limit / 900), G, "1", (("db", "0"),)),
        SeriesColumn("db_expires", np.round(of.used * limit / 910), G, "1", (("db", "0"),)),
        SeriesColumn("rdb_last_bgsave_status", np.ones(len(knobs.at))),
        SeriesColumn("rdb_current_bgsave_time_sec", np.full(len(knobs.at), -1.0), G, "seconds"),
        SeriesColumn("evicted_keys", counted(of.evicted), C),
        SeriesColumn("expired_keys", counted(knobs.load * 0.05), C),
        SeriesColumn("keyspace_hits", counted(calls["get"] * knobs.tiers["redis"].hits), C),
        SeriesColumn("keyspace_misses", counted(calls["get"] * (1 - knobs.tiers["redis"].hits)), C),
        SeriesColumn("total_connections_received", counted(of.connects), C),
        SeriesColumn("rejected_connections", counted(of.rejected), C),
        SeriesColumn("total_commands_processed", counted(commands), C),
        SeriesColumn("used_cpu_user_main_thread", counted(of.busy * 0.6), C, "seconds"),
        SeriesColumn("used_cpu_sys_main_thread", counted(of.busy * 0.4), C, "seconds"),
        SeriesColumn("acl_access_denied_cmd", counted(np.zeros(len(knobs.at))), C),
        SeriesColumn("acl_access_denied_auth", counted(np.zeros(len(knobs.at))), C),
        *(
            SeriesColumn("cmdstat_calls", counted(per_s), C, "1", (("cmd", command),))
            for command, per_s in (*calls.items(), ("flushall", of.flushes / knobs.step_s))
        ),
        *(
            SeriesColumn("cmdstat_usec", counted(per_s * 6.0 * of.slow), C, "microseconds", (("cmd", command),))
            for command, per_s in calls.items()
        ),
        *(SeriesColumn("errorstat_count", counted(per_s), C, "1", (("error", word),)) for word, per_s in of.errors.items()),
        *(
            (SeriesColumn("replica_lag", np.round(of.lag_s), G, "seconds", (("replica", "10.0.0.9:6379"),)),)
            if name == "cache"
            else ()
        ),
    ]
    rtt = 0.00028 * (1 + 0.15 * of.slow)
    latency = [
        SeriesColumn(
            "latency_bucket",
            _whole(counted(per_s * _below(bound, 0.000012 * of.slow, 2.2))),
            C,
            "1",
            (("cmd", command), ("le", "+Inf" if bound == float("inf") else str(bound))),
        )
        for command, per_s in calls.items()
        for bound in LATENCY_S
    ]
    slow = [
        SeriesColumn("slowlog_seen", _counted(np.where(of.slow > 10, 0.6, 0.001), None, knobs), C),
        SeriesColumn("slowlog_missed", np.zeros(len(knobs.at)), C),
    ]
    ping = [SeriesColumn("ping_rtt_seconds", rtt * factor, G, "seconds", (("stat", stat),)) for stat, factor in PINGS]
    events = [
        SeriesColumn("attributed_events", _counted(per_s, None, knobs), C, "1", (("event", event), ("family", family)))
        for event, family, per_s in (
            ("expired", "dict", knobs.load * 0.04),
            ("evicted", "session", of.protected),
            ("evicted", "ratelimit", of.protected * 0.2),
        )
    ]
    return {
        INFO: tuple(info),
        "redis_latency": tuple(latency),
        "redis_slowlog": tuple(slow),
        "redis_ping": tuple(ping),
        "redis_keyevents": tuple(events),
        "redis_census": tuple(_census(name, of, limit, knobs)),
    }


PINGS = (("min", 0.8), ("median", 1.0), ("p95", 1.6), ("max", 2.4))


def _census(name: str, of: Instance, limit: float, knobs: Knobs) -> Iterator[SeriesColumn]:
    """Keys of each family, all of them with a time to live."""
    families = {"dict": 0.7, "llm": 0.2, "user": 0.1} if name == "cache" else {"session": 0.8, "ratelimit": 0.2}
    keys = np.round(of.used * limit / 900)
    yield SeriesColumn("census_keyspace", keys)
    yield SeriesColumn("census_sample", np.minimum(keys, 2000.0))
    yield SeriesColumn("census_total_bytes", of.used * limit * 0.9, G, "bytes")
    for family, share in families.items():
        labels = (("family", family),)
        yield SeriesColumn("census_keys", np.round(keys * share), G, "1", labels)
        yield SeriesColumn("census_bytes", of.used * limit * 0.9 * share, G, "bytes", labels)
        yield SeriesColumn("census_no_ttl", np.zeros(len(knobs.at)), G, "1", labels)
        yield SeriesColumn("census_no_ttl_low", np.zeros(len(knobs.at)), G, "1", labels)


def _postgres(knobs: Knobs) -> Iterator[SeriesColumn]:
    yield SeriesColumn("postgres_max_connections", np.full(len(knobs.at), 100.0))
    yield SeriesColumn("postgres_connections", np.round(knobs.connections * 0.3), G, "1", (("state", "active"),))
    yield SeriesColumn("postgres_connections", np.round(knobs.connections * 0.7), G, "1", (("state", "idle"),))
    yield SeriesColumn("postgres_writable", knobs.writes.astype(float))
    yield SeriesColumn("postgres_database_size", 80 * MB + (knobs.at - knobs.at[0]) * 40.0, G, "bytes")
    yield SeriesColumn("postgres_xact_commit", _counted(knobs.load * 0.4, None, knobs), C)


def _own(knobs: Knobs) -> Iterator[SeriesColumn]:
    """The collectors' own: what cannot be written waits on their disk."""
    gone: Numbers = (~(knobs.writes & knobs.postgres) & knobs.collectors).astype(float)
    waiting = np.zeros(len(gone))
    edges = np.flatnonzero(np.diff(gone, prepend=0.0, append=0.0))
    for begin, end in edges.reshape(-1, 2):
        waiting[begin:end] = np.arange(1, end - begin + 1)
    yield SeriesColumn("collector_clock_jumps", np.cumsum(knobs.jumps), C)
    yield SeriesColumn("collector_spool_batches", waiting)
    yield SeriesColumn("collector_dropped_runs", np.zeros(len(gone)), C)
    yield SeriesColumn("collector_written_runs", np.cumsum((1 - gone) * 10), C)


def _counted(per_s: Numbers, of: Instance | None, knobs: Knobs) -> Numbers:
    """A counter that grows at this pace while its server answers, and begins anew with every process."""
    if of is None:
        return np.cumsum(per_s * knobs.step_s)
    total = np.cumsum(np.where(of.ready, per_s, 0.0) * knobs.step_s)
    begins = np.maximum.accumulate(np.where(np.diff(of.starts, prepend=of.starts[0]) > 0, total, 0.0))
    return total - begins


def _whole(values: Numbers) -> Numbers:
    return np.floor(values)


def _below(bound: float, median_s: Numbers, steepness: float) -> Numbers:
    """The share of calls no slower than a bound: a log-logistic curve, heavy in its tail as real servers are."""
    if bound == float("inf"):
        return np.ones(len(median_s))
    return 1.0 / (1.0 + (median_s / bound) ** steepness)
