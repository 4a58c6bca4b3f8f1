"""Clients and topology: who is connected to each server, and how the servers hang together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prosepolish_core.calc.freshness import Presence, fresh, presences
from prosepolish_core.model.sample import INFO
from prosepolish_core.model.series import GaugeSeries, Mark, Reading
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

from .memory import total
from .trust import Trust, of_samples

CONNECTED, WAITING, MOST = "connected_clients", "blocked_clients", "maxclients"
OPENED, TURNED_AWAY = "total_connections_received", "rejected_connections"
GROUP = {"clients": "count", "clients_memory": "memory", "clients_output": "output", "clients_idle_longest": "idle_s"}
#: What tells that another server is well, by what the other server is; then what more is told of it.
WELL = ("replica_online", "sentinel_primary_ok", "cluster_node_up")
LAG, SLOTS = "replica_lag", "cluster_node_slots"
POINTS = 90


@dataclass(frozen=True, slots=True)
class ClientGroup:
    """Clients of one name, user and library. NaN is unknown."""

    name: str
    user: str
    library: str
    count: float
    memory: float
    output: float
    idle_s: float


@dataclass(frozen=True, slots=True)
class Link:
    """Another server that this one knows: a replica of it, a primary that it watches, or a node of its cluster.

    `well` is None where nothing is known. NaN: it tells no lag, or serves no slots.
    """

    kind: str
    address: str
    well: bool | None
    lag_s: float = float("nan")
    slots: float = float("nan")


@dataclass(frozen=True, slots=True)
class ServerClients:
    """One observed server. Newest readings are NaN where they do not speak of now; sums are over the window."""

    standing: Presence
    role: str
    follows: str
    connected: float
    waiting: float
    most: float
    opened: float
    turned_away: float
    course: GaugeSeries | None
    groups: tuple[ClientGroup, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ClientsView:
    """Everything the page shows."""

    window: Window
    trust: Trust
    servers: tuple[ServerClients, ...]
    marks: tuple[Mark, ...]


def build(samples: SampleReader, window: Window, targets: Sequence[str] = ()) -> ClientsView:
    """Read and compute: every configured target, read or not. Raises StoreUnavailable."""
    pulses, marks = samples.pulses(INFO, window.end), samples.marks(window)
    readings: dict[str, list[Reading]] = defaultdict(list)
    metrics = (CONNECTED, WAITING, MOST, *GROUP, *WELL, LAG, SLOTS)
    for reading in fresh(samples.latest(metrics, at=window.end), window.end):
        readings[reading.key.source].append(reading)
    courses = {series.key.source: series for series in samples.gauges((CONNECTED,), window, POINTS)}
    grown = {(i.key.source, i.key.metric): i for i in samples.increases((OPENED, TURNED_AWAY), window, POINTS)}
    servers = []
    for source, standing in presences(targets, pulses, window.end).items():
        state, found = samples.state(source, window.end), readings[source]
        single = {r.key.metric: r.value for r in found if not r.key.labels}
        servers.append(
            ServerClients(
                standing=standing,
                role=state.get("role", ""),
                follows=_followed(state),
                connected=single.get(CONNECTED, np.nan),
                waiting=single.get(WAITING, np.nan),
                most=single.get(MOST, np.nan),
                opened=total(grown.get((source, OPENED))),
                turned_away=total(grown.get((source, TURNED_AWAY))),
                course=courses.get(source),
                groups=tuple(_groups(found)),
                links=tuple(_links(found)),
            )
        )
    trust = of_samples(samples.coverage(INFO, window), marks, "Redis INFO and CLIENT LIST", window.end, pulses)
    return ClientsView(window, trust, tuple(servers), tuple(marks))


def _followed(state: Mapping[str, str]) -> str:
    """Address of the primary that a replica copies, or nothing."""
    return (
        f"{state['master_host']}:{state.get('master_port', '')}" if state.get("role") == "slave" and "master_host" in state else ""
    )


def _groups(readings: Sequence[Reading]) -> list[ClientGroup]:
    """The biggest first."""
    found: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for reading in readings:
        if field := GROUP.get(reading.key.metric):
            labels = dict(reading.key.labels)
            found[labels.get("name", ""), labels.get("user", ""), labels.get("lib", "")][field] = reading.value
    rows = [ClientGroup(*group, *(of.get(field, np.nan) for field in GROUP.values())) for group, of in found.items()]
    return sorted(rows, key=lambda row: (-np.nan_to_num(row.count), row.name, row.user, row.library))


def _links(readings: Sequence[Reading]) -> list[Link]:
    """Replicas, watched primaries and nodes, those that are not well first."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for reading in readings:
        labels = dict(reading.key.labels)
        if reading.key.metric.startswith("replica_"):
            found["replica", labels.get("replica", "")][reading.key.metric] = reading.value
        elif reading.key.metric.startswith("sentinel_"):
            found["watched primary", labels.get("primary", "")][reading.key.metric] = reading.value
        elif reading.key.metric.startswith("cluster_node_"):
            found[f"node, {labels.get('role', '')}", labels.get("node", "")][reading.key.metric] = reading.value
    rows = []
    for (kind, address), of in found.items():
        well = next((of[metric] == 1.0 for metric in WELL if metric in of), None)
        rows.append(Link(kind, address, well, of.get(LAG, np.nan), of.get(SLOTS, np.nan)))
    return sorted(rows, key=lambda link: (link.well is True, link.kind, link.address))
