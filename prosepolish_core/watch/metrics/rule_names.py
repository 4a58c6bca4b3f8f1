"""Where the metrics that alert rules read stand on /metrics; and which of them do not."""

from collections.abc import Mapping

from ...calc.promql import Exported, PromqlWriter
from .names import LABELS, NAMES
from .own_families import OWN, own_name
from .render import LAST_READ
from .totals import APART

#: What is told above 0 while an instance is read, and while the core's counts are.
READ, COUNTED = "redis_uptime_in_seconds", "prosepolish_store_up"
OF_COUNTS = ("family", "outcome", "tier")
#: Counters of the servers and of our own that are no gauges, by our names.
COUNTERS = frozenset({"slowlog_seen", "slowlog_missed", "attributed_events", "collector_clock_jumps"})
#: What more than the instance tells the series of a metric apart.
MORE: Mapping[str, tuple[str, ...]] = {
    "cmdstat_calls": ("cmd",),
    "errorstat_count": ("error",),
    "db_keys": ("db",),
    "ping_rtt_seconds": ("stat",),
    "replica_lag": ("replica",),
    "attributed_events": ("event", "family"),
    "census_keys": ("family",),
    "census_no_ttl_low": ("family",),
    "postgres_connections": ("state",),
}
#: Counters that a server makes at their first use.
MADE = frozenset({"cmdstat_calls", "errorstat_count", "attributed_events"})
#: Metrics that are told as something else than a reading.
SPECIAL: Mapping[str, Exported] = {
    "redis_up": Exported("redis_up"),
    "age of redis_up": Exported(LAST_READ),
    "uptime_in_seconds": Exported("redis_uptime_in_seconds"),
    "ping_rtt_seconds": Exported("prosepolish_ping_rtt_seconds", ("instance", "stat")),
    "latency_bucket": Exported("redis_commands_latencies_usec_bucket", ("cmd", "instance", "le"), bounds=1e-6),
    "tier_requests": Exported("prosepolish_tier_requests_total", OF_COUNTS, read=COUNTED),
    "tier_duration": Exported("prosepolish_tier_duration_seconds_bucket", ("family", "le", "tier")),
    "llm_unpriced": Exported("prosepolish_llm_unpriced_calls_total", APART, where=(("kind", "paid"),), read=COUNTED),
    # When PostgreSQL is away /metrics says nothing but this.
    "postgres_up": Exported("", text='label_replace(min(prosepolish_store_up), "instance", "postgres", "", "")'),
}
#: What only our own process knows.
NOT_TOLD: Mapping[str, str] = {
    "holds_state": "which server holds sessions and limits is a setting, and /metrics does not tell it",
    "rule_failed": "it is about our own evaluation of rules; Prometheus counts the failures of its own",
}
#: Labels that are told otherwise; a replica's address as two.
RENAMED: Mapping[str, tuple[str, ...]] = {"error": (LABELS["error"],), "replica": ("slave_ip", "slave_port")}


class RuleNames(dict[str, Exported]):
    """Every metric that is told, found by our name. KeyError: it is not."""

    def __missing__(self, metric: str) -> Exported:
        if metric in NOT_TOLD:
            raise KeyError(metric)
        return SPECIAL.get(metric) or _reading(metric)


def _reading(metric: str) -> Exported:
    labels = tuple(sorted(("instance", *MORE.get(metric, ()))))
    read = READ if metric in MADE else ""
    if metric in NAMES:
        name = NAMES[metric]
        return Exported(name.exported, labels, 1.0 / name.scale, read=read)
    if metric.startswith(OWN):
        return Exported(own_name(metric, "", counter=metric in COUNTERS), labels, read=read)
    return Exported(f"redis_{metric}", labels, read=read)


WRITER = PromqlWriter(RuleNames(), RENAMED)
