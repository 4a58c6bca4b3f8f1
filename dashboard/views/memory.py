"""Memory: used against the limit, fragmentation judged with a byte floor,
and what each interval evicted and expired.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
#: Fragmentation counts only above this ratio and when it wastes more than this many bytes and this share of what is
#: used.
FRAGMENTED, FRAGMENTED_BYTES, FRAGMENTED_SHARE = 1.4, 10 * 1024**2, 0.1
#: Policies under which a full cache is normal: it evicts what is used least.
EVICTING = "allkeys-"


@dataclass(frozen=True, slots=True)
class ServerMemory:
    """One observed server: its newest readings, as far as they speak of now (else NaN), and its course over the window.

    `limit` is None where maxmemory is 0: no limit is set. `trust`: the age of its own newest reading; `last_used` is
    what that said, however old.
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


def build(samples: SampleReader, window: Window, targets: Sequence[str] = ()) -> MemoryView:
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
    return MemoryView(
        window, trust, oldest(trust, shown, window.end), tuple(found), tuple(marks), census.build(samples, window.end)
    )


def instance(
    presence: Presence,
    policy: str,
    newest: Mapping[str, float],
    gauges: dict[str, GaugeSeries],
    increases: dict[str, IncreaseSeries],
    trust: Trust,
    last_used: float,
) -> ServerMemory:
    """Judge one server by its newest readings and its increases over the window.

    What is not known is NaN, and not judged.
    """
    evicted, expired = (total(increases.get(metric)) for metric in COUNTERS)
    limit = newest.get("maxmemory", np.nan)
    facts = ServerMemory(
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
        (),
        trust,
        last_used,
    )
    found: list[Verdict | None] = [None if presence.up else _down(presence)]
    if np.isfinite(facts.used):
        found += [_room(facts, newest.get("mem_not_counted_for_evict", 0.0)), _fragmentation(facts), _swap(facts)]
    elif presence.up:
        found.append(Verdict(f"Memory of {presence.source}", Level.UNKNOWN, "this server does not tell what it uses"))
    return replace(facts, verdicts=tuple(verdict for verdict in found if verdict is not None))


def _down(presence: Presence) -> Verdict:
    subject = f"Server {presence.source}"
    action = "Start it, or see Operations: the reason is what the server or the network said to the collectors."
    return Verdict(subject, Level.CRITICAL, f"the newest INFO was not answered: {presence.reason}", action)


def _room(found: ServerMemory, not_counted: float) -> Verdict:
    subject = f"Memory of {found.source}"
    if found.limit is not None and np.isnan(found.limit):
        return Verdict(subject, Level.UNKNOWN, f"{numbers.size(found.used)} used; this server does not tell its limit")
    if not found.limit:
        heavy = found.rss > 0.7 * found.system
        reason = f"no limit is set; {numbers.size(found.used)} used of {numbers.size(found.system)} in the machine"
        return Verdict(subject, Level.WARNING if heavy else Level.OK, reason, "Set maxmemory in redis.conf." if heavy else "")
    share = max(0.0, found.used - not_counted) / found.limit
    reason = f"{numbers.size(found.used)} used of {numbers.size(found.limit)} ({numbers.percent(share)})"
    if found.policy.startswith(EVICTING):
        return Verdict(subject, Level.OK, f"{reason}; a full cache is normal under {found.policy}")
    level = Level.CRITICAL if share >= 0.9 else Level.WARNING if share >= 0.8 else Level.OK
    action = "" if level is Level.OK else "Writes fail at 100 %. Raise maxmemory, or find what grows."
    return Verdict(subject, level, f"{reason}; the policy is {found.policy or 'unknown'}", action)


def _fragmentation(found: ServerMemory) -> Verdict:
    subject = f"Fragmentation of {found.source}"
    floor = max(FRAGMENTED_BYTES, FRAGMENTED_SHARE * found.used)
    if np.isnan(found.frag_ratio):
        return Verdict(subject, Level.UNKNOWN, "this server does not tell")
    wasted = numbers.size(found.frag_bytes if np.isfinite(found.frag_bytes) else None)
    reason = f"ratio {found.frag_ratio:.2f}, {wasted} wasted"
    if found.frag_ratio > FRAGMENTED and found.frag_bytes > floor:
        return Verdict(subject, Level.WARNING, reason, "Turn activedefrag on, or restart the server in a quiet hour.")
    if found.frag_ratio > FRAGMENTED:
        reason += f"; judged only above {numbers.size(floor)}, below that the ratio is noise"
    return Verdict(subject, Level.OK, reason)


def _swap(found: ServerMemory) -> Verdict | None:
    if not (found.rss < 0.9 * found.used and found.used > 100 * 1024**2):
        return None
    reason = f"only {numbers.size(found.rss)} of {numbers.size(found.used)} is in memory: the rest is swapped out"
    return Verdict(f"Swapping of {found.source}", Level.CRITICAL, reason, "Give the machine memory, or lower maxmemory.")


def told_limit(limit: float | None) -> str:
    """A limit in words."""
    if limit is None:
        return "no limit set"
    return f"of {numbers.size(limit)}" if np.isfinite(limit) else "limit unknown"


def total(series: IncreaseSeries | None) -> float:
    """A counter's increase over the window."""
    return 0.0 if series is None else float(np.nansum(series.increase))
