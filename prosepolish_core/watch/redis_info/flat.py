"""Name and value replies as samples and strings: MEMORY STATS, CONFIG GET, CLUSTER INFO; RESP2 and RESP3 read alike."""

import re
from collections.abc import Iterator
from typing import Any

from ...model.sample import Kind, Sample
from .fields import ANYTHING, unit_of_unknown

_NO_NAME = re.compile(r"[^A-Za-z0-9_]")


def text(value: Any) -> str:
    """A reply's string.

    Bytes that are no UTF-8, NUL and the backslash itself are written as escapes: two names stay two.
    """
    if not isinstance(value, bytes):
        return str(value)
    said: bytes = value
    if b"\\" in said or b"\0" in said:
        said = said.replace(b"\\", rb"\\").replace(b"\0", rb"\x00")
    return said.decode("utf-8", "backslashreplace")


def label(name: str) -> str:
    """A name that a server gives, as a label. Names in parentheses, such as `(none)` and `(other)`, are ours alone."""
    return f"\\{name}" if name.startswith("(") else name


def metric_name(said: str) -> str:
    """Words of a server as a part of a metric's name: letters, digits and `_`."""
    return _NO_NAME.sub("_", said)[:80]


def pairs(reply: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of a map, or of the flat array that an older protocol makes of it."""
    if isinstance(reply, dict):
        for name, value in reply.items():
            yield text(name), value
    elif isinstance(reply, list | tuple):
        for at in range(0, len(reply) - 1, 2):
            yield text(reply[at]), reply[at + 1]


def number(value: Any) -> float | None:
    """The value as a number that a server can mean, or None."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if ANYTHING[0] <= found <= ANYTHING[1] else None


#: The parameters read with CONFIG GET: never `*`, which gives passwords away and is the dearest command of all.
CONFIG = (
    "maxmemory",
    "maxmemory-policy",
    "maxmemory-samples",
    "maxclients",
    "save",
    "appendonly",
    "appendfsync",
    "latency-tracking",
    "latency-monitor-threshold",
    "slowlog-log-slower-than",
    "slowlog-max-len",
    "notify-keyspace-events",
    "hz",
    "activedefrag",
    "databases",
    "io-threads",
    "timeout",
    "lazyfree-lazy-eviction",
)
_MEMORY_RATIOS = (".ratio", "fragmentation")


def read_memory_stats(reply: Any) -> tuple[Sample, ...]:
    """Every number of MEMORY STATS as `memory_stats_<name>`; per-database parts carry the label `db`."""
    samples: list[Sample] = []
    for name, value in pairs(reply):
        if name.startswith("db.") and isinstance(value, dict | list):
            labels = (("db", label(name[3:])),)
            for inner, found in pairs(value):
                _add(samples, f"db.{inner}", found, labels)
        else:
            _add(samples, name, value, ())
    return tuple(samples)


def _add(samples: list[Sample], name: str, value: Any, labels: tuple[tuple[str, str], ...]) -> None:
    found = number(value)
    if found is not None:
        samples.append(Sample(f"memory_stats_{metric_name(name)}", found, unit=_memory_unit(name), labels=labels))


def _memory_unit(name: str) -> str:
    if name.endswith(_MEMORY_RATIOS):
        return "ratio"
    if name.endswith("percentage"):
        return "percent"
    return "1" if name.endswith((".count", "keys.count")) else "bytes"


def read_config(replies: list[Any]) -> tuple[tuple[Sample, ...], dict[str, str]]:
    """Numbers as `config_<name>`, and every value as the string `config.<name>`."""
    samples: list[Sample] = []
    strings: dict[str, str] = {}
    for reply in replies:
        for name, value in pairs(reply):
            said = text(value)
            strings[f"config.{name}"] = said
            found = number(said) if said else None
            if found is not None:
                samples.append(Sample(f"config_{metric_name(name)}", found, unit=_config_unit(name)))
    return tuple(samples), strings


def _config_unit(name: str) -> str:
    units = {"maxmemory": "bytes", "slowlog-log-slower-than": "microseconds", "latency-monitor-threshold": "milliseconds"}
    return units.get(name) or ("seconds" if name == "timeout" else "1")


#: Flags of a cluster node that say it cannot be reached or is not yet known well.
_LOST = frozenset({"fail", "fail?", "noaddr", "handshake"})
#: More nodes than this are counted, not named.
MOST_NODES = 200


def read_cluster_nodes(reply: Any) -> tuple[tuple[Sample, ...], dict[str, str]]:
    """CLUSTER NODES: every node by its address, with its role, its slots and whether it is reached;
    and how many of each.
    """
    samples: list[Sample] = []
    strings: dict[str, str] = {}
    counted = {"primary": 0, "replica": 0}
    lost = 0
    for line in text(reply).split("\n"):
        words = line.split()
        if len(words) < 8:
            continue
        address, flags = label(words[1].partition("@")[0]), set(words[2].split(","))
        role = "primary" if "master" in flags else "replica"
        up = words[7] == "connected" and not flags & _LOST
        counted[role] += 1
        lost += not up
        if sum(counted.values()) > MOST_NODES:
            continue
        labels = (("node", address), ("role", role))
        samples.append(Sample("cluster_node_up", float(up), labels=labels))
        samples.append(Sample("cluster_node_slots", float(sum(map(_slots, words[8:]))), labels=labels))
        strings[f"cluster.{address}"] = role
    totals = (("cluster_primaries", counted["primary"]), ("cluster_replicas", counted["replica"]), ("cluster_nodes_lost", lost))
    return (*samples, *(Sample(metric, float(value)) for metric, value in totals)), strings


def _slots(word: str) -> int:
    """How many slots `0-5460` or `42` means; a slot on its way (`[42->-id]`) belongs to its owner's range already."""
    found = _RANGE.fullmatch(word)
    return max(0, int(found[2] or found[1]) - int(found[1]) + 1) if found else 0


_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


#: What CLUSTER INFO counts since the node began.
_CLUSTER_COUNTERS = ("cluster_stats_messages_", "total_cluster_links_buffer_limit_exceeded")
_CLUSTER_NAMES = ("cluster_", "total_cluster_")
_CLUSTER_STATES = ("fail", "ok")


def read_cluster_info(reply: Any) -> tuple[tuple[Sample, ...], dict[str, str]]:
    """CLUSTER INFO: numbers under their own names, `cluster_state` as a number (1 ok) and a string."""
    samples: list[Sample] = []
    strings: dict[str, str] = {}
    for line in text(reply).split("\n"):
        name, _, value = line.strip().partition(":")
        found = number(value)
        if name == "cluster_state":
            strings[name] = value
            if value in _CLUSTER_STATES:
                samples.append(Sample(name, float(_CLUSTER_STATES.index(value))))
        elif found is not None and name.startswith(_CLUSTER_NAMES):
            kind = Kind.COUNTER if name.startswith(_CLUSTER_COUNTERS) else Kind.GAUGE
            samples.append(Sample(metric_name(name), found, kind, unit_of_unknown(name)))
    return tuple(samples), strings
