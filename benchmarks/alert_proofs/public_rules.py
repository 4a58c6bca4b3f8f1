"""Rules of public collections, as data: what they watch, from where on, for how long. None of them clears late.

What our simulated servers do not tell (backups, replicas of a cluster) is left out.
"""

from collections.abc import Mapping

from prosepolish_core.calc.alert_state import Threshold
from prosepolish_core.calc.expression import Arithmetic, Expression, Guarded, Increase, Latest, Total
from prosepolish_core.model.health import Level
from prosepolish_core.watch.alerts.rule import Rule

MIN = 60.0


def public(name: str, value: Expression, fire: float, hold_min: float, *, falling: bool = False) -> Rule:
    """A rule of somebody else's."""
    threshold = Threshold(Level.WARNING, fire, fire, hold_min * MIN, 0.0, falling)
    return Rule(name, name + " of {instance}", value, "1", (threshold,), "See its source.", "See its source.", silenced_by="")


def _increase(metric: str, over_s: float) -> Total:
    return Total(Increase(metric, over_s))


LIMIT = Latest("maxmemory")
OF_LIMIT = Guarded(Arithmetic(Latest("used_memory"), "/", LIMIT), LIMIT, 1.0)
OF_SYSTEM = Arithmetic(Latest("used_memory"), "/", Latest("total_system_memory"))
CLIENTS = Latest("connected_clients")
HITS, MISSES = _increase("keyspace_hits", 5 * MIN), _increase("keyspace_misses", 5 * MIN)
MEAN_S = Arithmetic(Arithmetic(_increase("cmdstat_usec", 5 * MIN), "/", 1e6), "/", _increase("total_commands_processed", 5 * MIN))
EVICTED_OF_KEYS = Arithmetic(Arithmetic(_increase("evicted_keys", 5 * MIN), "/", 5 * MIN), "/", Total(Latest("db_keys")))

#: Source, with the version that was read -> its rules.
COLLECTIONS: Mapping[str, tuple[Rule, ...]] = {
    "samber/awesome-prometheus-alerts @31c8473": (
        public("down", Latest("redis_up"), 0.5, 0, falling=True),
        public("system memory", OF_SYSTEM, 0.90, 2),
        public("maxmemory", OF_LIMIT, 0.90, 2),
        public("many connections", CLIENTS, 100.0, 2),
        public("few connections", CLIENTS, 5.0, 2, falling=True),
        public("rejected connections", _increase("rejected_connections", MIN), 0.0, 0),
    ),
    "sysdiglabs/promcat-resources @27d5779": (
        public("uptime", Latest("uptime_in_seconds"), 3600.0, 15, falling=True),
        public("memory", OF_LIMIT, 0.85, 15),
        public("clients", Arithmetic(CLIENTS, "/", Latest("maxclients")), 0.85, 15),
        public("response time", MEAN_S, 0.250, 10),
        public("fragmentation", Latest("mem_fragmentation_ratio"), 1.5, 30),
        public("evictions", EVICTED_OF_KEYS, 0.1, 30),
        public("rejected connections", _increase("rejected_connections", 5 * MIN), 0.0, 15),
        public("hit ratio", Arithmetic(HITS, "/", Arithmetic(MISSES, "+", HITS)), 0.9, 30, falling=True),
    ),
    "oliver006/redis_exporter, its mixin @7d742d9": (
        public("down", Latest("redis_up"), 0.5, 5, falling=True),
        public("system memory", OF_SYSTEM, 0.90, 5),
        public("many connections", CLIENTS, 100.0, 5),
    ),
    "the reference's four, as written": (
        public("memory", OF_LIMIT, 0.80, 0),
        public("hit rate", Arithmetic(HITS, "/", Arithmetic(MISSES, "+", HITS)), 0.85, 0, falling=True),
        public("connection errors", _increase("rejected_connections", MIN), 5.0, 0),
        public("latency", MEAN_S, 0.010, 0),
    ),
}
