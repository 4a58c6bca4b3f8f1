"""Readings of Redis instances as redis_exporter's families, with the source as the label `instance`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ...calc.freshness import Presence
from ...model.sample import Kind, Labels
from ...model.series import Reading
from ..redis_info.fields import FIELDS, STATUSES
from .family import Families, merged
from .names import LABELS, NAMES, OF_PRIMARY, QUANTILE


def add_redis(
    families: Families,
    readings: Iterable[Reading],
    states: Mapping[str, Mapping[str, str]],
    up: Mapping[str, Presence],
) -> None:
    """Add whether each instance is up, and what is known of it now."""
    by_source: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_source[reading.key.source].append(reading)
    for source, presence in up.items():
        instance = (("instance", source),)
        families.add("redis_up", "gauge", float(presence.up), instance, "Whether the newest INFO was answered")
        if known := by_source.get(source):
            state = states.get(source, {})
            families.add("redis_instance_info", "gauge", 1.0, merged(_info(state), {"instance": source}))
            _add_instance(families, known, state, source)


def _info(state: Mapping[str, str]) -> Labels:
    """The exporter's labels; on Valkey its own version and mode,
    where the exporter shows the compatibility number and nothing.
    """
    return (
        ("maxmemory_policy", state.get("maxmemory_policy", "")),
        ("os", state.get("os", "")),
        ("process_id", state.get("process_id", "")),
        ("redis_mode", state.get("mode", "")),
        ("redis_version", state.get("version", "")),
        ("role", state.get("role", "")),
        ("run_id", state.get("run_id", "")),
        ("server", state.get("server", "")),
    )


def _add_instance(families: Families, fresh: list[Reading], state: Mapping[str, str], source: str) -> None:
    primary = {"master_host": state.get("master_host", ""), "master_port": state.get("master_port", "")}
    if state.get("role") == "slave":
        read_only = next((str(int(r.value)) for r in fresh if r.key.metric == "slave_read_only"), "1")
        families.add("redis_slave_info", "gauge", 1.0, merged((), {"instance": source, "read_only": read_only, **primary}))
    for reading in fresh:
        metric, labels = reading.key.metric, reading.key.labels
        more = {"instance": source, **(primary if metric in OF_PRIMARY else {})}
        special = SPECIAL.get(metric)
        if special:
            special(families, reading, more)
        elif metric in NAMES:
            name = NAMES[metric]
            families.add(name.exported, name.type, _scaled(reading.value, name.scale), merged(_renamed(labels, state), more))
        elif (metric in FIELDS or metric in STATUSES) and metric != "slave_read_only":
            type_ = "counter" if reading.kind is Kind.COUNTER else "gauge"
            families.add(f"redis_{metric}", type_, reading.value, merged(labels, more))
    _add_empty_databases(families, fresh, source)
    _add_summaries(families, fresh, source)


def _scaled(value: float, scale: float) -> float:
    return value if scale == 1.0 else round(value * scale, 9)


def _renamed(labels: Labels, state: Mapping[str, str]) -> Labels:
    named = []
    for key, value in labels:
        if key == "db":
            named.append(("db", f"db{value}"))
        elif key == "replica":
            address, _, port = value.rpartition(":")
            named += [("slave_ip", address), ("slave_port", port), ("slave_state", state.get(f"replica.{value}", "online"))]
        else:
            named.append((LABELS.get(key, key), value))
    return tuple(named)


def _add_uptime(families: Families, reading: Reading, more: Mapping[str, str]) -> None:
    labels = merged((), more)
    families.add("redis_uptime_in_seconds", "gauge", reading.value, labels)
    families.add("redis_start_time_seconds", "gauge", float(int(reading.ts.timestamp() - reading.value)), labels)


def _without(reading: Reading, name: str) -> Labels:
    """All labels of a reading but one."""
    return tuple(label for label in reading.key.labels if label[0] != name)


def _add_percentile(families: Families, reading: Reading, more: Mapping[str, str]) -> None:
    named = dict(reading.key.labels)
    labels = merged(_without(reading, "p"), {QUANTILE: named.get("p", ""), **more})
    families.add("redis_latency_percentiles_usec", "summary", reading.value, labels, "Since the server's start; not a window")


def _add_bucket(families: Families, reading: Reading, more: Mapping[str, str]) -> None:
    named = dict(reading.key.labels)
    bound = named.get("le", "+Inf")
    at = bound if bound == "+Inf" else str(round(float(bound) * 1e6))
    name = "redis_commands_latencies_usec"
    families.add(name, "histogram", reading.value, merged(reading.key.labels, {"le": at, **more}), suffix="_bucket")
    if bound == "+Inf":
        families.add(name, "histogram", reading.value, merged(_without(reading, "le"), more), suffix="_count")


def _add_time(families: Families, reading: Reading, more: Mapping[str, str]) -> None:
    """Microseconds by command, in seconds."""
    labels = merged(reading.key.labels, more)
    families.add("redis_commands_duration_seconds_total", "counter", round(reading.value * 1e-6, 9), labels)


def _add_ping(families: Families, reading: Reading, more: Mapping[str, str]) -> None:
    named = dict(reading.key.labels)
    families.add("prosepolish_ping_rtt_seconds", "gauge", reading.value, merged((("stat", named.get("stat", "")),), more))
    if named.get("stat") == "median":
        families.add("redis_exporter_last_scrape_ping_time_seconds", "gauge", reading.value, merged((), more))


def _add_empty_databases(families: Families, fresh: list[Reading], source: str) -> None:
    """The exporter names every configured database, the empty ones with 0."""
    databases = next((int(r.value) for r in fresh if r.key.metric == "config_databases"), 0)
    used = {dict(r.key.labels).get("db") for r in fresh if r.key.metric == "db_keys"}
    for number in range(min(databases, 1024)):
        if str(number) not in used:
            labels = (("db", f"db{number}"), ("instance", source))
            families.add("redis_db_keys", "gauge", 0.0, labels)
            families.add("redis_db_keys_expiring", "gauge", 0.0, labels)


def _add_summaries(families: Families, fresh: list[Reading], source: str) -> None:
    """Sum and count beside the percentiles, where the server has them."""
    summed = {dict(r.key.labels).get("cmd") for r in fresh if r.key.metric == "latency_percentiles_usec"}
    suffixes = {"cmdstat_usec": "_sum", "cmdstat_calls": "_count"}
    for reading in fresh:
        command = dict(reading.key.labels).get("cmd")
        if command in summed and reading.key.metric in suffixes:
            labels = merged(reading.key.labels, {"instance": source})
            name, suffix = "redis_latency_percentiles_usec", suffixes[reading.key.metric]
            families.add(name, "summary", reading.value, labels, suffix=suffix)


#: Metrics that become more than one number, or another kind of family.
SPECIAL = {
    "uptime_in_seconds": _add_uptime,
    "latency_percentiles_usec": _add_percentile,
    "latency_bucket": _add_bucket,
    "cmdstat_usec": _add_time,
    "ping_rtt_seconds": _add_ping,
}
