"""An INFO reply becomes samples: every numeric field by its name, every `k=v` line by its keys, never by position."""

import re
from collections.abc import Callable
from itertools import islice
from sys import intern
from typing import NamedTuple

from ...model.sample import Kind, Labels, Sample
from .fields import ANYTHING, COUNTS, FIELDS, STATES, STATUSES, TEXTS, ZERO_IS_NONE, possible, unit_of_unknown
from .flat import label, metric_name, text

C, G = Kind.COUNTER, Kind.GAUGE
_INDEXED = re.compile(r"(.*?)_?(\d+)")
_KEYSIZES = re.compile(r"db(\d+)_distrib_(\w+)")
_THREAD_TIME = re.compile(r"used_active_time_io_thread_(\d+)")
#: Beginnings of the names of what is not read from INFO.
RESERVED = (
    *("attributed_", "census_", "clients", "cluster_", "collector_", "commandlog_", "config_", "info_", "latency_bucket"),
    *("memory_stats_", "ping_", "postgres_", "role_", "slowlog_", "store_"),
)
_new = tuple.__new__


class InfoReply(NamedTuple):
    """What one INFO said. `unknown` names the numeric fields the table does not know; they are kept as gauges.

    `commands` repeats calls and microseconds by command, for the footprint ledger.
    """

    samples: tuple[Sample, ...]
    state: dict[str, str]
    unknown: tuple[str, ...]
    commands: dict[str, tuple[float, float]]


class Part(NamedTuple):
    """What one key of a `k=v` line becomes."""

    metric: str
    kind: Kind
    unit: str


#: Families of `k=v` lines: the parts known by name. A part mapped to None is a derived value nobody needs.
COMMAND: dict[str, Part | None] = {
    "calls": Part("cmdstat_calls", C, "1"),
    "usec": Part("cmdstat_usec", C, "microseconds"),
    "usec_per_call": None,
    "rejected_calls": Part("cmdstat_rejected_calls", C, "1"),
    "failed_calls": Part("cmdstat_failed_calls", C, "1"),
}
ERROR: dict[str, Part | None] = {"count": Part("errorstat_count", C, "1")}
DATABASE: dict[str, Part | None] = {
    "keys": Part("db_keys", G, "1"),
    "expires": Part("db_expires", G, "1"),
    "avg_ttl": Part("db_avg_ttl", G, "milliseconds"),
    "subexpiry": Part("db_subexpiry", G, "1"),
    "keys_with_volatile_items": Part("db_keys_with_volatile_items", G, "1"),
    "cached_keys": Part("db_cached_keys", G, "1"),
}
REPLICA: dict[str, Part | None] = {
    "offset": Part("replica_offset", C, "bytes"),
    "lag": Part("replica_lag", G, "seconds"),
    "port": None,
}
THREAD: dict[str, Part | None] = {
    "clients": Part("io_thread_clients", G, "1"),
    "reads": Part("io_thread_reads", C, "1"),
    "writes": Part("io_thread_writes", C, "1"),
}
#: What a sentinel says of each primary it watches.
WATCHED: dict[str, Part | None] = {
    "slaves": Part("sentinel_primary_replicas", G, "1"),
    "sentinels": Part("sentinel_primary_sentinels", G, "1"),
}
ENGINE: dict[str, Part | None] = {
    "abi_version": None,
    "used_memory": Part("engine_used_memory", G, "bytes"),
    "memory_overhead": Part("engine_memory_overhead", G, "bytes"),
}


class Gathered:
    """Collects lines; `line` takes the lines that are not a plain known number."""

    __slots__ = ("commands", "samples", "texts", "unknown")

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.texts: dict[str, str] = {}
        self.unknown: list[str] = []
        self.commands: dict[str, tuple[float, float]] = {}

    def take(self, line: "Gathered") -> None:
        """Add what one line came to."""
        self.samples += line.samples
        if line.texts:
            self.texts.update(line.texts)
        if line.commands:
            self.commands.update(line.commands)
        if line.unknown:
            self.unknown += line.unknown

    def number(self, metric: str, said: str, kind: Kind, unit: str, labels: Labels = (), *, known: bool = True) -> bool:
        """Keep the number in `said` if it is one that the metric can have; says whether it was a number."""
        try:
            value = float(said.removesuffix("%"))
        except ValueError:
            return False
        low, high = possible(metric, kind, unit) if known else ANYTHING
        if low <= value <= high:
            self.samples.append(Sample(metric, value, kind, unit, labels))
        return True

    def new(self, name: str, said: str, labels: Labels = ()) -> bool:
        """Keep the number of a field nobody knows, as a gauge; says whether it was a number."""
        metric = new_name(name)
        if not self.number(metric, said, G, unit_of_unknown(name), labels, known=False):
            return False
        self.unknown.append(metric)
        return True

    def parts(self, value: str, known: dict[str, Part | None], stem: str, labels: Labels) -> None:
        """Keep every number of a `k=v` line; keys nobody knows become gauges named after the line."""
        for pair in value.split(","):
            key, found, said = pair.partition("=")
            if not found:
                continue
            if key in known:
                part = known[key]
                if part:
                    self.number(part.metric, said, part.kind, part.unit, labels)
            else:
                self.new(f"{stem}_{key}", said, labels)

    def line(self, line: str) -> None:
        """Take one line that is no plain known number."""
        name, found, value = line.partition(":")
        if name in TEXTS:
            self.texts[name] = value
            return
        family = FAMILIES.get(line[:2])
        if family and line.startswith(family[0]) and family[1](self, line):
            return
        if not found or line[0] == "#" or name.endswith("_human"):
            return
        if name in STATUSES:
            self.texts[name] = value
            if value in STATUSES[name]:
                self.samples.append(Sample(name, float(STATUSES[name].index(value)), G, "1"))
        elif "=" in value:
            self.indexed(name, value)
        elif name in FIELDS:
            self.number(name, value, FIELDS[name].kind, FIELDS[name].unit)
        elif not self.new(name, value):
            self.texts[name] = value

    def indexed(self, name: str, value: str) -> None:
        """A `k=v` line of a family nobody knows: a trailing number is taken for its index."""
        match = _INDEXED.fullmatch(name)
        stem, labels = (match[1], (("index", match[2]),)) if match and match[1] else (name, ())
        self.parts(value, {}, stem, labels)


def _command(reader: Gathered, line: str) -> bool:
    name, _, value = line.rpartition(":")
    command = name[8:]
    labels = (("cmd", label(command)),)
    append, known = reader.samples.append, COMMAND.get
    calls = usec = 0.0
    least, most = COUNTS
    for pair in value.split(","):
        key, found, said = pair.partition("=")
        part = known(key)
        if part is None:
            if found and key not in COMMAND:
                reader.new(f"cmdstat_{key}", said, labels)
            continue
        try:
            number = float(said)
        except ValueError:
            continue
        if not least <= number <= most:
            continue
        if key == "calls":
            calls = number
        elif key == "usec":
            usec = number
        append(_new(Sample, (part[0], number, part[1], part[2], labels)))
    reader.commands[command] = (calls, usec)
    return True


def _error(reader: Gathered, line: str) -> bool:
    name, _, value = line.rpartition(":")
    reader.parts(value, ERROR, "errorstat", (("error", label(name[10:])),))
    return True


def _percentiles(reader: Gathered, line: str) -> bool:
    name, _, value = line.rpartition(":")
    command = label(name[len("latency_percentiles_usec_") :])
    for pair in value.split(","):
        key, _, said = pair.partition("=")
        reader.number("latency_percentiles_usec", said, G, "microseconds", (("cmd", command), ("p", key.removeprefix("p"))))
    return True


def _database(reader: Gathered, line: str) -> bool:
    name, _, value = line.partition(":")
    sizes = _KEYSIZES.fullmatch(name)
    if sizes:
        for pair in value.split(","):
            bound, _, count = pair.partition("=")
            labels = (("db", sizes[1]), ("ge", bound), ("what", sizes[2]))
            reader.number("keysizes", count, G, "1", labels)
        return True
    if not name[2:].isdigit() or "=" not in value:
        return False
    reader.parts(value, DATABASE, "db", (("db", name[2:]),))
    return True


def _replica(reader: Gathered, line: str) -> bool:
    name, _, value = line.partition(":")
    if not name[5:].isdigit():
        return False
    named = dict(pair.partition("=")[::2] for pair in value.split(","))
    address, state = f"{named.get('ip', '')}:{named.get('port', '')}", named.get("state", "")
    if address == ":":  # a line of another make: there is a replica, and nothing is known of it
        reader.unknown.append(new_name(name))
        return True
    labels = (("replica", label(address)),)
    numbers = ",".join(f"{key}={said}" for key, said in named.items() if key not in {"ip", "port", "state", "type"})
    reader.parts(numbers, REPLICA, "replica", labels)
    if state:
        reader.texts[f"replica.{labels[0][1]}"] = state
        reader.samples.append(Sample("replica_online", float(state == "online"), G, "1", labels))
    return True


def _watched(reader: Gathered, line: str) -> bool:
    name, _, value = line.partition(":")
    if not name[6:].isdigit():
        return False
    named = dict(pair.partition("=")[::2] for pair in value.split(","))
    watched = named.pop("name", "")
    labels = (("primary", label(watched)),)
    address, status = named.pop("address", ""), named.pop("status", "")
    reader.parts(",".join(f"{key}={said}" for key, said in named.items()), WATCHED, "sentinel_primary", labels)
    if status:
        reader.samples.append(Sample("sentinel_primary_ok", float(status == "ok"), G, "1", labels))
    reader.texts[f"sentinel.{watched}"] = f"{address} {status}"
    return True


def _thread(reader: Gathered, line: str) -> bool:
    name, _, value = line.partition(":")
    if not name[10:].isdigit():
        return False
    reader.parts(value, THREAD, "io_thread", (("thread", name[10:]),))
    return True


def _active_time(reader: Gathered, line: str) -> bool:
    name, _, value = line.partition(":")
    match = _THREAD_TIME.fullmatch(name)
    return bool(match) and reader.number(
        "used_active_time_io_thread", value, C, "seconds", (("thread", match[1]),) if match else ()
    )


def _engine(reader: Gathered, line: str) -> bool:
    _, _, value = line.partition(":")
    named = dict(pair.partition("=")[::2] for pair in value.split(","))
    reader.parts(value, ENGINE, "engine", (("engine", label(named.get("name", ""))),))
    return True


def _ignored(_reader: Gathered, _line: str) -> bool:
    return True


#: First two letters -> line prefix and who reads such lines. Modules and listeners say nothing that counts.
FAMILIES: dict[str, tuple[str, Callable[[Gathered, str], bool]]] = {
    "cm": ("cmdstat_", _command),
    "er": ("errorstat_", _error),
    "la": ("latency_percentiles_usec_", _percentiles),
    "db": ("db", _database),
    "sl": ("slave", _replica),
    "io": ("io_thread_", _thread),
    "us": ("used_active_time_io_thread_", _active_time),
    "en": ("engine_", _engine),
    "ma": ("master", _watched),
    "mo": ("module:", _ignored),
    "li": ("listener", _ignored),
}


#: What one line comes to: a plain number is its sample, a line of another kind what it gave, one that says nothing
#: None.
Line = Sample | Gathered | None
#: Lines that were read before, by whichever server: servers of one version say mostly the same. Cleared when full.
_REMEMBERED: dict[str, Line] = {"": None}
MOST_REMEMBERED = 50_000
#: At most so many replicas, primaries and unknown fields are named in the strings of a run.
MOST_NAMED = 200


def text_of(reply: bytes | str) -> str:
    """The reply as text with plain line ends."""
    return text(reply).replace("\r\n", "\n")


def read_info(reply: bytes | str) -> InfoReply:
    """Read one INFO reply, of any section list, any version, RESP2 or RESP3. Never raises for what it does not know."""
    said = text_of(reply)
    return whole_reply(said, remembered_lines(said.split("\n")))


def remembered_lines(lines: list[str]) -> list[Line]:
    """What each line comes to, from memory where one like it was read before."""
    if len(_REMEMBERED) > MOST_REMEMBERED:
        _REMEMBERED.clear()
    for line in lines:
        if line not in _REMEMBERED:
            _REMEMBERED[line] = read_line(line)
    return [_REMEMBERED[line] for line in lines]


def whole_reply(said: str, lines: list[Line]) -> InfoReply:
    """The reply that these lines add up to."""
    reader = Gathered()
    append, take = reader.samples.append, reader.take
    for known in lines:
        if type(known) is Sample:
            append(known)
        elif isinstance(known, Gathered):
            take(known)
    return InfoReply(tuple(reader.samples), state_of(said, reader), tuple(dict.fromkeys(reader.unknown)), reader.commands)


def read_line(line: str) -> Line:
    name, _, value = line.partition(":")
    field = FIELDS.get(name)
    if field is not None and not value.endswith("%"):
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not number and name in ZERO_IS_NONE:
            return None
        if field[3] <= number <= field[4]:
            return _new(Sample, (intern(name), number, field[0], field[1], ()))
    if not line:
        return None
    reader = Gathered()
    reader.line(line)
    return reader if reader.samples or reader.texts or reader.commands or reader.unknown else None


def state_of(said: str, reader: Gathered) -> dict[str, str]:
    """The strings that tell what was read: version, role, process, policy; and which fields nobody knows."""
    texts = reader.texts
    state = {name: texts[name] for name in STATES if texts.get(name)}
    for name in ("uptime_in_seconds", "process_id"):
        if value := value_of(said, name):
            state[name] = value
    named = (item for item in texts.items() if item[0].startswith(("replica.", "sentinel.")))
    state |= dict(islice(named, MOST_NAMED))
    valkey = "valkey_version" in texts or texts.get("server_name") == "valkey"
    state["server"] = "valkey" if valkey else "redis"
    state["version"] = texts.get("valkey_version") or texts.get("redis_version", "")
    state["mode"] = texts.get("server_mode") or texts.get("redis_mode", "")
    if reader.unknown:
        unknown = sorted(set(reader.unknown))
        more = [f"and {len(unknown) - MOST_NAMED} more"] if len(unknown) > MOST_NAMED else []
        state["unknown_fields"] = ",".join(unknown[:MOST_NAMED] + more)
    return state


def value_of(said: str, name: str) -> str:
    """The value of a plain line that is not the first."""
    at = said.find(f"\n{name}:")
    return said[at + len(name) + 2 :].split("\n", 1)[0].strip() if at >= 0 else ""


def new_name(said: str) -> str:
    """A field nobody knows as the name of a metric, and never one of those that are not read from INFO."""
    name = metric_name(said)
    return f"info_{name}" if name.startswith(RESERVED) or not name[:1].isalpha() else name
