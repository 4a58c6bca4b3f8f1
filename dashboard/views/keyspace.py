"""Keyspace: what lies in the servers by key family, how it grows, how long it lives, whether it keeps its contract."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from prosepolish_core.calc.freshness import fresh
from prosepolish_core.model.series import GaugeSeries, Mark
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

from . import census
from .census import ServerCensus
from .commands import CALLS, OURS
from .key_contract import FAILOVERS_DAYS, HARMFUL, ContractFacts
from .trust import Trust, of_samples

CENSUS = "redis_census"
KEYS, SIZES = "census_keys", "census_bytes"
REPLICATED = ("connected_slaves", "cluster_known_nodes", "sentinel_primary_replicas")
POINTS = 200


@dataclass(frozen=True, slots=True)
class FamilyGrowth:
    """One family's keys on one server over the window, and by how much they grew; NaN with fewer than two readings."""

    source: str
    family: str
    keys: GaugeSeries
    added: float


@dataclass(frozen=True, slots=True)
class KeyspaceView:
    """Everything the page shows."""

    window: Window
    trust: Trust
    servers: tuple[ServerCensus, ...]
    growth: tuple[FamilyGrowth, ...]
    facts: ContractFacts
    marks: tuple[Mark, ...]


def build(samples: SampleReader, window: Window, *, sealed: bool = False) -> KeyspaceView:
    """Read and compute. Raises StoreUnavailable."""
    marks = samples.marks(window)
    pulses = samples.pulses(CENSUS, window.end)
    trust = of_samples(samples.coverage(CENSUS, window), marks, "the census: SCAN, MEMORY USAGE, PTTL", window.end, pulses)
    servers = census.build(samples, window.end)
    facts = ContractFacts(
        census=servers,
        commands=_commands(samples, window),
        policies={server.source: samples.state(server.source, window.end).get("maxmemory_policy", "") for server in servers},
        replicated=_replicated(samples, window),
        failovers=_failovers(samples, window),
        sealed=sealed,
    )
    return KeyspaceView(window, trust, servers, tuple(_growth(samples, window)), facts, tuple(marks))


def _growth(samples: SampleReader, window: Window) -> Sequence[FamilyGrowth]:
    found = []
    for series in samples.gauges((KEYS,), window, POINTS):
        labels = dict(series.key.labels)
        if labels.get("stat", "value") == "value":
            known = series.last[np.isfinite(series.last)]
            added = float(known[-1] - known[0]) if len(known) > 1 else float("nan")
            found.append(FamilyGrowth(series.key.source, labels.get("family", ""), series, added))
    return sorted(found, key=lambda one: (one.source, -np.nan_to_num(one.added), one.family))


def _commands(samples: SampleReader, window: Window) -> dict[tuple[str, str], float]:
    """Calls of harmful commands that were not our own collectors'."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for series in samples.increases((CALLS, OURS), window, points=1):
        command = dict(series.key.labels).get("cmd", "")
        if command.partition("|")[0] in HARMFUL:
            total = float(np.nansum(series.increase))
            sums[series.key.source, command.partition("|")[0]] += total if series.key.metric == CALLS else -total
    return dict(sums)


def _replicated(samples: SampleReader, window: Window) -> tuple[str, ...]:
    least = {"cluster_known_nodes": 1.0}
    found = fresh(samples.latest(REPLICATED, at=window.end), window.end)
    return tuple(sorted({r.key.source for r in found if r.value > least.get(r.key.metric, 0.0)}))


def _failovers(samples: SampleReader, window: Window) -> int:
    lately = Window(window.end - timedelta(days=FAILOVERS_DAYS), window.end)
    return sum(mark.kind == "failover" for mark in samples.marks(lately))
