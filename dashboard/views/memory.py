"""Memory: used against the limit, fragmentation, and what each interval evicted and expired."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from prosepolish_core.calc import numbers
from prosepolish_core.calc.freshness import Presence, fresh, presences
from prosepolish_core.model.health import Level, Verdict
from prosepolish_core.model.sample import INFO
from prosepolish_core.model.series import GaugeSeries, IncreaseSeries, Mark
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

from . import census
from .rule_board import RuleBoard
from .trust import Trust, of_samples, of_server, oldest

GAUGES = (
    "used_memory",
    "used_memory_rss",
    "used_memory_peak",
    "maxmemory",
    "allocator_frag_ratio",
    "allocator_frag_bytes",
    "mem_fragmentation_ratio",
    "mem_not_counted_for_evict",
    "total_system_memory",
)
COUNTERS = ("evicted_keys", "expired_keys")
#: Read along with them for the Overview.
REJECTED = "rejected_connections"
POINTS = 90


@dataclass(frozen=True, slots=True)
class ServerMemory:
    """One observed server: its newest readings, as far as they speak of now (else NaN), and its course over the window.

    `limit` is None where maxmemory is 0: no limit is set. `trust`: the age of its own newest reading; `last_used` is
    what that said, however old. `verdicts`: that it does not answer; all else is a matter of the alert rules.
    """

    source: str
    policy: str
    used: float
    limit: float | None
    rss: float
    peak: float
    frag_ratio: float
    frag_bytes: float
    system: float
    evicted: float
    expired: float
    gauges: dict[str, GaugeSeries]
    increases: dict[str, IncreaseSeries]
    verdicts: tuple[Verdict, ...]
    trust: Trust
    last_used: float = np.nan

    @property
    def share(self) -> float | None:
        """Used of the limit (0-1)."""
        return self.used / self.limit if self.limit else None


@dataclass(frozen=True, slots=True)
class MemoryView:
    """Everything the Memory page shows. `trust` is that of the newest reading of any server, `oldest` of the oldest."""

    window: Window
    trust: Trust
    oldest: Trust
    instances: tuple[ServerMemory, ...]
    marks: tuple[Mark, ...]
    census: tuple[census.ServerCensus, ...]
    rules: RuleBoard


def build(samples: SampleReader, window: Window, targets: Sequence[str] = (), rules: RuleBoard | None = None) -> MemoryView:
    """Read and compute: every configured target, read or not, and whatever else was read. Raises StoreUnavailable."""
    marks = samples.marks(window)
    pulses = samples.pulses(INFO, window.end)
    trust = of_samples(samples.coverage(INFO, window), marks, "Redis INFO", window.end, pulses)
    gauges: dict[str, dict[str, GaugeSeries]] = defaultdict(dict)
    for gauge in samples.gauges(GAUGES, window, POINTS):
        gauges[gauge.key.source][gauge.key.metric] = gauge
    increases: dict[str, dict[str, IncreaseSeries]] = defaultdict(dict)
    for increase in samples.increases((*COUNTERS, REJECTED), window, POINTS // 2):
        increases[increase.key.source][increase.key.metric] = increase
    newest: dict[str, dict[str, float]] = defaultdict(dict)
    read_at: dict[str, datetime] = {}
    last_used: dict[str, float] = {}
    latest = samples.latest(GAUGES, at=window.end)
    for reading in latest:
        source = reading.key.source
        read_at[source] = max(reading.ts, read_at.get(source, reading.ts))
        if reading.key.metric == "used_memory":
            last_used[source] = reading.value
    presence = presences(targets, pulses, window.end)
    for reading in fresh(latest, window.end):
        if presence[reading.key.source].up if reading.key.source in presence else True:
            newest[reading.key.source][reading.key.metric] = reading.value
    found = [
        instance(
            presence.get(source) or Presence(source, up=False, reason="not read any more"),
            samples.state(source, window.end).get("maxmemory_policy", ""),
            newest[source],
            gauges[source],
            increases[source],
            of_server(source, read_at.get(source), marks, pulses, window.end),
            last_used.get(source, np.nan),
        )
        for source in sorted({*presence, *(source for source, of in gauges.items() if "used_memory" in of)})
    ]
    shown = {source: at for source, at in read_at.items() if source in presence}
    within = census.build(samples, window.end)
    age = oldest(trust, shown, window.end)
    return MemoryView(window, trust, age, tuple(found), tuple(marks), within, rules or RuleBoard())


def instance(
    presence: Presence,
    policy: str,
    newest: Mapping[str, float],
    gauges: dict[str, GaugeSeries],
    increases: dict[str, IncreaseSeries],
    trust: Trust,
    last_used: float,
) -> ServerMemory:
    """One server by its newest readings and its increases over the window; what is not known is NaN."""
    evicted, expired = (total(increases.get(metric)) for metric in COUNTERS)
    limit = newest.get("maxmemory", np.nan)
    return ServerMemory(
        presence.source,
        policy,
        newest.get("used_memory", np.nan),
        limit or None,
        newest.get("used_memory_rss", np.nan),
        newest.get("used_memory_peak", np.nan),
        newest.get("allocator_frag_ratio", newest.get("mem_fragmentation_ratio", np.nan)),
        newest.get("allocator_frag_bytes", np.nan),
        newest.get("total_system_memory", np.nan),
        evicted,
        expired,
        gauges,
        increases,
        () if presence.up else (_down(presence),),
        trust,
        last_used,
    )


def _down(presence: Presence) -> Verdict:
    subject = f"Server {presence.source}"
    action = "Start it, or see Operations: the reason is what the server or the network said to the collectors."
    return Verdict(subject, Level.CRITICAL, f"the newest INFO was not answered: {presence.reason}", action)


def told_limit(limit: float | None) -> str:
    """A limit in words."""
    if limit is None:
        return "no limit set"
    return f"of {numbers.size(limit)}" if np.isfinite(limit) else "limit unknown"


def total(series: IncreaseSeries | None) -> float:
    """A counter's increase over the window."""
    return 0.0 if series is None else float(np.nansum(series.increase))
