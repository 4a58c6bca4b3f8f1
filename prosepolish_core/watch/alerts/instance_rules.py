"""Rules about one server: each Redis instance, and PostgreSQL.

Numbers and times follow the public rule collections where those are right, and differ where they are not: a cache that
evicts by policy is always full, one slow call hides in an average, no limit on clients is safe at a fixed number.
"""

from ...calc.expression import Age, Arithmetic, Guarded, HistogramQuantile, Increase, Latest, OnlyWhere, Total
from ...model.alert import NoData
from ...model.targets import ENOUGH_CALLS
from .rule import Rule, critical, warning

MB, MIN, DAY = 1024.0**2, 60.0, 86_400.0
#: A policy under which a full cache is normal: it evicts what is used least.
EVICTING = ("allkeys-",)


def per_s(metric: str, over_s: float = 5 * MIN) -> Arithmetic:
    """A counter's rate per second and instance."""
    return Arithmetic(Total(Increase(metric, over_s)), "/", over_s)


LIMIT = Latest("maxmemory")
NOT_EVICTABLE = Latest("mem_not_counted_for_evict")
FULL = Guarded(Arithmetic(Arithmetic(Latest("used_memory"), "-", NOT_EVICTABLE), "/", LIMIT), LIMIT, 1.0, otherwise=0.0)
RSS_OF_SYSTEM = Arithmetic(Latest("used_memory_rss"), "/", Latest("total_system_memory"))
RSS_OF_USED = Arithmetic(Latest("used_memory_rss"), "/", Latest("used_memory"))
FRAGMENTS = Latest("allocator_frag_bytes")
FRAGMENTS_OF_USED = Arithmetic(FRAGMENTS, "/", Latest("used_memory"))
EVICTED = Increase("evicted_keys", 10 * MIN)
#: Three failed readings at the usual interval of five seconds: a restart of some seconds is no outage.
DOWN_MIN = 0.2
#: Fragmentation counts only where it wastes more bytes than this, and this share of what is used.
WASTED_BYTES, WASTED_SHARE = 10 * MB, 0.1
#: Seconds in which evictions at this pace would replace the whole keyspace.
TURNOVER = Arithmetic(Total(Latest("db_keys")), "/", Arithmetic(EVICTED, "/", 10 * MIN))
MAIN_THREAD = Arithmetic(per_s("used_cpu_user_main_thread"), "+", per_s("used_cpu_sys_main_thread"))
COMMANDS = Total(Increase("total_commands_processed", 5 * MIN))

INSTANCES: tuple[Rule, ...] = (
    Rule(
        "instance_down",
        "Redis {instance}",
        Latest("redis_up"),
        "1",
        (critical(0.5, 0.5, DOWN_MIN, falling=True, clear_min=0.2),),
        "The server does not answer the collectors. Lookups are answered by PostgreSQL; if it holds sessions, log-ins are slower.",
        "Look whether the server runs and the address is right: prosepolish check.",
        silenced_by="",
        standing=True,
    ),
    Rule(
        "collector_stale",
        "Readings of {instance}",
        Age("redis_up"),
        "seconds",
        (critical(60.0, 30.0, 1.0, clear_min=0.2),),
        "Nothing was read for a minute: every number of this instance is old.",
        "Restart the collectors: python -m collectors.",
        cause="collectors",
        silenced_by="",
        standing=True,
    ),
    Rule(
        "clock_stepped",
        "Clock of the {instance}",
        Increase("collector_clock_jumps", 10 * MIN),
        "1",
        (warning(0.0, 0.0, 0),),
        "The machine's clock was set: times of these minutes are wrong by as much, and readings may be missing.",
        "Look at the machine's time service; the collectors' log says by how many seconds.",
        cause="collectors",
        silenced_by="",
    ),
    Rule(
        "memory_full",
        "Memory of {instance}",
        OnlyWhere(FULL, "maxmemory_policy", EVICTING, but=True),
        "ratio",
        (warning(0.80, 0.75, 5), critical(0.90, 0.85, 2)),
        "Near its limit, under a policy that does not evict every key: at 100 % writes fail.",
        "Raise maxmemory, or find on the Memory page what grows.",
    ),
    Rule(
        "evicted_too_young",
        "Evictions of {instance}",
        OnlyWhere(
            Guarded(Arithmetic(Total(Latest("db_keys")), "/", Arithmetic(EVICTED, "/", 10 * MIN)), EVICTED, 1.0, otherwise=DAY),
            "maxmemory_policy",
            EVICTING,
        ),
        "seconds",
        (warning(450.0, 900.0, 10, falling=True),),
        "Keys are evicted so fast that the whole keyspace is replaced before half of the shortest TTL (15 min): hits are lost.",
        "Raise maxmemory, or shorten the TTL of what is rarely read again.",
    ),
    Rule(
        "protected_evicted",
        "Sessions and limits in {instance}",
        Total(Increase("attributed_events", MIN, (("event", "evicted"), ("family", "session|ratelimit")))),
        "1",
        (critical(0.0, 0.0, 0),),
        "Sessions or limits were evicted: users are logged out, limits begin anew.",
        "Set REDIS_STATE_URL to a server with maxmemory-policy noeviction.",
    ),
    Rule(
        "state_evicts",
        "Sessions and limits in {instance}",
        Guarded(Total(Increase("evicted_keys", MIN)), Latest("holds_state"), 0.5),
        "1",
        (critical(0.0, 0.0, 0),),
        "The server that holds sessions and limits evicts keys: users are logged out, limits begin anew.",
        "Set REDIS_STATE_URL to a server with maxmemory-policy noeviction.",
    ),
    Rule(
        "state_may_evict",
        "Policy of {instance}",
        OnlyWhere(Latest("holds_state"), "maxmemory_policy", ("allkeys-", "volatile-")),
        "1",
        (warning(0.5, 0.5, 0),),
        "Sessions and limits lie on a server that evicts keys once it is full.",
        "Set REDIS_STATE_URL to a server with maxmemory-policy noeviction.",
        needs="no server that holds sessions evicts by policy",
        tells=False,
    ),
    Rule(
        "cache_flushed",
        "Flush of {instance}",
        Total(Increase("cmdstat_calls", 10 * MIN, (("cmd", "flushall|flushdb"),))),
        "1",
        (warning(0.0, 0.0, 0),),
        "FLUSHALL or FLUSHDB removed every key: until they are there again, lookups are slower and more calls are paid.",
        "Find who sent it: ACL LOG, CLIENT LIST, the deploy. Take FLUSHALL from the users' rights.",
    ),
    Rule(
        "no_memory_limit",
        "Memory limit of {instance}",
        Guarded(
            Arithmetic(Latest("used_memory_rss"), "/", Latest("total_system_memory")),
            Arithmetic(LIMIT, "*", -1.0),
            0.0,
            otherwise=0.0,
        ),
        "ratio",
        (warning(0.70, 0.65, 10),),
        "No limit is set and most of the machine's memory is used: the kernel may end the server.",
        "Set maxmemory in redis.conf.",
    ),
    Rule(
        "swapping",
        "Memory of {instance}",
        Guarded(RSS_OF_USED, Latest("used_memory"), 100 * MB, otherwise=1.0),
        "ratio",
        (critical(0.9, 0.95, 5, falling=True),),
        "Part of the server's memory is swapped out: every command may wait for the disk.",
        "Find what else uses the machine's memory, or lower maxmemory.",
    ),
    Rule(
        "fragmentation",
        "Fragmentation of {instance}",
        Guarded(Guarded(Latest("allocator_frag_ratio"), FRAGMENTS, WASTED_BYTES, 1.0), FRAGMENTS_OF_USED, WASTED_SHARE, 1.0),
        "1",
        (warning(1.4, 1.3, 30),),
        "Freed memory is not given back: more than a tenth of what is used is lost to it.",
        "Set activedefrag yes, or restart the server in a quiet hour.",
    ),
    Rule(
        "redis_slow_commands",
        "p99 of {cmd} on {instance}",
        Guarded(
            HistogramQuantile(0.99, "latency_bucket", 5 * MIN, (("cmd", "get|set"),), ("instance", "cmd")),
            Total(Increase("latency_bucket", 5 * MIN, (("cmd", "get|set"), ("le", "+Inf"))), ("instance", "cmd")),
            ENOUGH_CALLS,
        ),
        "seconds",
        (warning(0.001, 0.0008, 5), critical(0.005, 0.004, 2)),
        "One call in a hundred is slow inside the server.",
        "Look at the slow log on the Latency page, and at the server's processor.",
    ),
    Rule(
        "round_trip",
        "Round trip to {instance}",
        Latest("ping_rtt_seconds", (("stat", "median"),)),
        "seconds",
        (warning(0.005, 0.003, 5), critical(0.010, 0.008, 5)),
        "Even an empty command is slow: the network between, or a busy server.",
        "Look at the network and at the server's processor.",
    ),
    Rule(
        "slow_log",
        "Slow commands of {instance}",
        Total(Arithmetic(Arithmetic(Increase("slowlog_seen", 5 * MIN), "+", Increase("slowlog_missed", 5 * MIN)), "/", 5.0)),
        "1/minute",
        (warning(10.0, 5.0, 5),),
        "More than ten commands a minute were slow enough for the slow log; others waited behind them.",
        "Look at the slow log on the Latency page.",
    ),
    Rule(
        "main_thread_busy",
        "Processor of {instance}",
        MAIN_THREAD,
        "ratio",
        (warning(0.80, 0.70, 10), critical(0.95, 0.85, 5)),
        "The server's one main thread is nearly saturated: waiting grows steeply from here.",
        "Find the command that costs most on the Latency page; spread the load.",
    ),
    Rule(
        "connections_rejected",
        "Connections of {instance}",
        Increase("rejected_connections", MIN),
        "1/minute",
        (warning(0.0, 0.0, 0), critical(5.0, 0.0, 0)),
        "Clients are turned away at maxclients.",
        "Raise maxclients, or lower PROSEPOLISH_POOL_SIZE.",
    ),
    Rule(
        "connections_near_limit",
        "Connections of {instance}",
        Arithmetic(Latest("connected_clients"), "/", Latest("maxclients")),
        "ratio",
        (warning(0.80, 0.75, 5), critical(0.90, 0.85, 2)),
        "Soon clients are turned away.",
        "Look with CLIENT LIST who holds them; raise maxclients.",
    ),
    Rule(
        "connection_churn",
        "Connections of {instance}",
        Guarded(
            Arithmetic(Arithmetic(Increase("total_connections_received", 5 * MIN), "/", 5.0), "/", Latest("connected_clients")),
            Increase("total_connections_received", 5 * MIN),
            300.0,
            otherwise=0.0,
        ),
        "1/minute",
        (warning(10.0, 5.0, 10),),
        "Each client connects anew many times a minute: a pool is broken or missing.",
        "Look with CLIENT LIST which program opens them.",
    ),
    Rule(
        "error_replies",
        "Error replies of {instance}",
        Guarded(Arithmetic(Total(Increase("errorstat_count", 5 * MIN)), "/", COMMANDS), COMMANDS, 200.0),
        "ratio",
        (warning(0.01, 0.005, 5),),
        "More than one command in a hundred is answered with an error.",
        "Look which errors: the kinds stand on /metrics as redis_errors_total.",
    ),
    Rule(
        "writes_refused",
        "Writes to {instance}",
        Total(Increase("errorstat_count", MIN, (("error", "OOM|READONLY|MISCONF|NOAUTH|WRONGPASS"),))),
        "1/minute",
        (critical(0.0, 0.0, 0),),
        "The server refuses writes or log-ins: full, a replica, a disk that fails, or a wrong password.",
        "Look at its log; the word of the error says which.",
        standing=True,
    ),
    Rule(
        "acl_denied",
        "Rights on {instance}",
        Total(
            Arithmetic(Increase("acl_access_denied_cmd", 5 * MIN), "+", Increase("acl_access_denied_auth", 5 * MIN)),
        ),
        "1",
        (warning(10.0, 2.0, 0),),
        "A program asks for what its user may not do, or somebody tries passwords.",
        "ACL LOG on the server names user and command.",
    ),
    Rule(
        "save_failed",
        "Saving of {instance}",
        Latest("rdb_last_bgsave_status"),
        "1",
        (critical(0.5, 0.5, 0, falling=True),),
        "The last save failed; after a restart the data would be old, and writes may be refused.",
        "Look at its disk and its log.",
    ),
    Rule(
        "save_stalled",
        "Saving of {instance}",
        Latest("rdb_current_bgsave_time_sec"),
        "seconds",
        (critical(600.0, 600.0, 0),),
        "A save has been running for more than ten minutes.",
        "Look at its disk.",
    ),
    Rule(
        "replica_link",
        "Replication of {instance}",
        Latest("master_link_down_since_seconds"),
        "seconds",
        (critical(60.0, 0.0, 1, no_data=NoData.CLEAR),),  # the field is there while the link is down only
        "The replica has lost its primary: what it answers is old.",
        "Look at the network between the two, and at the primary.",
    ),
    Rule(
        "replica_lag",
        "Lag of {replica} behind {instance}",
        Latest("replica_lag"),
        "seconds",
        (warning(10.0, 5.0, 2, no_data=NoData.CLEAR), critical(30.0, 15.0, 2, no_data=NoData.CLEAR)),
        "After a failover this much would be lost.",
        "Look at the replica's processor and network.",
    ),
    Rule(
        "ttl_contract",
        "Keys without a TTL in {instance}, {family}",
        Guarded(
            Arithmetic(Latest("census_no_ttl_low", stale_s=10 * MIN), "/", Latest("census_keys", stale_s=10 * MIN)),
            Latest("census_keys", stale_s=10 * MIN),
            100.0,
            otherwise=0.0,
        ),
        "ratio",
        (warning(0.005, 0.002, 2),),
        "Keys of this family never expire, against the contract: they stay until they are evicted.",
        "Find the writer that leaves out the TTL.",
    ),
    Rule(
        "certificate_expires",
        "TLS certificate of {instance}",
        Latest("tls_server_cert_expires_in_seconds"),
        "seconds",
        (warning(14 * DAY, 15 * DAY, 60, falling=True), critical(3 * DAY, 4 * DAY, 60, falling=True)),
        "After it expires no client connects.",
        "Renew the certificate.",
    ),
)

POSTGRES: tuple[Rule, ...] = (
    Rule(
        "postgres_down",
        "PostgreSQL",
        Latest("postgres_up"),
        "1",
        (critical(0.5, 0.5, 0.2, falling=True, clear_min=0.2),),
        "Misses go straight to the APIs, log-ins and profile changes fail, numbers are kept on disk until it is back.",
        "Look whether the server runs: prosepolish check.",
        silenced_by="",
        standing=True,
    ),
    Rule(
        "postgres_read_only",
        "Writes to PostgreSQL",
        Latest("postgres_writable"),
        "1",
        (critical(0.5, 0.5, 0.2, falling=True, clear_min=0.2),),
        "PostgreSQL answers and takes no writes: nothing new is kept, log-ins and changes of profiles fail.",
        "Look at its disk and its log: a full disk, a standby, or a primary that waits for one.",
        cause="postgres",
        silenced_by="postgres_down",
        standing=True,
    ),
    Rule(
        "postgres_connections",
        "Connections of PostgreSQL",
        Arithmetic(Total(Latest("postgres_connections")), "/", Latest("postgres_max_connections")),
        "ratio",
        (warning(0.80, 0.75, 5), critical(0.90, 0.85, 2)),
        "Soon programs are turned away.",
        "Look who holds them in pg_stat_activity; raise max_connections or lower PROSEPOLISH_DATABASE_POOL_SIZE.",
        silenced_by="postgres_down",
    ),
)

#: Told by the evaluation itself, of a rule that it could not evaluate.
RULE_FAILED = Rule(
    "rule_failed",
    "Alert rule {rule}",
    Latest("rule_failed"),
    "1",
    (warning(0.5, 0.5, 0.2),),
    "This rule cannot be evaluated: what it watches is not watched.",
    "The collectors' log names the error; report it.",
    cause="collectors",
    silenced_by="",
)
