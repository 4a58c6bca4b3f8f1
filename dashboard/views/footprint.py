"""Footprint: what our own connections caused on each server, by collector;
it is subtracted from what is shown elsewhere.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

CALLS, BYTES, LOOKUPS = "collector_target_calls", "collector_target_bytes", "collector_target_lookups"
#: Microseconds of server time charged to us, and everything we asked, counted per instance with each INFO.
USEC, ALL_CALLS, ALL_COMMANDS = "collector_server_usec", "collector_calls", "total_commands_processed"


@dataclass(frozen=True, slots=True)
class ServerCost:
    """What we cost one server: seconds of its time among the seconds covered,
    and our calls among the commands it ran.
    """

    source: str
    spent_s: float
    covered_s: float
    calls: float
    commands: float

    @property
    def time(self) -> float | None:
        """Share of the server's time that we caused; None while it is not counted."""
        return self.spent_s / self.covered_s if self.covered_s else None

    @property
    def share(self) -> float | None:
        """Our calls among all the server ran."""
        return self.calls / self.commands if self.commands else None

    @property
    def others(self) -> float:
        """Commands that were not ours: what the server's own counter says, less what we asked."""
        return max(0.0, self.commands - self.calls)


@dataclass(frozen=True, slots=True)
class CollectorCost:
    """What one collector caused on one server in the window."""

    collector: str
    target: str
    calls: float
    bytes: float
    lookups: float


@dataclass(frozen=True, slots=True)
class Footprint:
    """Per server, and per collector and server where there are few enough servers to keep that."""

    servers: tuple[ServerCost, ...]
    collectors: tuple[CollectorCost, ...]

    @property
    def time(self) -> float | None:
        """Share of the observed servers' time that we caused, over all of them; None while it is not counted."""
        covered = sum(cost.covered_s for cost in self.servers)
        return sum(cost.spent_s for cost in self.servers) / covered if covered else None


def build(samples: SampleReader, window: Window) -> Footprint:
    """Read and add up. Raises StoreUnavailable."""
    servers: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    costs: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for series in samples.increases((USEC, ALL_CALLS, ALL_COMMANDS, CALLS, BYTES, LOOKUPS), window, points=1):
        metric, labels, total = series.key.metric, dict(series.key.labels), float(np.nansum(series.increase))
        if "collector" in labels:
            costs[labels["collector"], labels.get("target", "")][metric] += total
        else:
            servers[series.key.source][metric] += total
            if metric == USEC:
                servers[series.key.source]["covered"] += float(np.nansum(series.covered_s))
    return Footprint(
        tuple(_server(source, of) for source, of in sorted(servers.items())),
        tuple(CollectorCost(*key, of[CALLS], of[BYTES], of[LOOKUPS]) for key, of in sorted(costs.items())),
    )


def _server(source: str, of: dict[str, float]) -> ServerCost:
    return ServerCost(source, of[USEC] / 1e6, of["covered"], of[ALL_CALLS], of[ALL_COMMANDS])
