"""Memory: used against the limit, fragmentation judged with a byte floor, and what each interval evicted and expired."""

from dataclasses import dataclass, replace

import numpy as np

from prosepolish_core.calc import numbers
from prosepolish_core.model.health import Level, Verdict
from prosepolish_core.model.series import GaugeSeries, IncreaseSeries, Mark
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

from . import census
from .trust import INFO, Trust, of_samples

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
#: Fragmentation counts only above this ratio and when it wastes more than this many bytes and this share of what is used.
FRAGMENTED, FRAGMENTED_BYTES, FRAGMENTED_SHARE = 1.4, 10 * 1024**2, 0.1
#: Policies under which a full cache is normal: it evicts what is used least.
EVICTING = "allkeys-"


@dataclass(frozen=True, slots=True)
class Instance:
    """One observed server over the window. `limit` is None where maxmemory is 0: no limit is set."""

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

    @property
    def share(self) -> float | None:
        """Used of the limit (0-1)."""
        return self.used / self.limit if self.limit else None


@dataclass(frozen=True, slots=True)
class MemoryView:
    """Everything the Memory page shows."""

    window: Window
    trust: Trust
    instances: tuple[Instance, ...]
    marks: tuple[Mark, ...]
    census: tuple[census.ServerCensus, ...]


def build(samples: SampleReader, window: Window) -> MemoryView:
    """Read and compute. Raises StoreUnavailable."""
    marks = samples.marks(window)
    trust = of_samples(samples.coverage(INFO, window), marks, "Redis INFO", window.end)
    gauges: dict[str, dict[str, GaugeSeries]] = {}
    for gauge in samples.gauges(GAUGES, window, POINTS):
        gauges.setdefault(gauge.key.source, {})[gauge.key.metric] = gauge
    increases: dict[str, dict[str, IncreaseSeries]] = {}
    for increase in samples.increases((*COUNTERS, REJECTED), window, POINTS // 2):
        increases.setdefault(increase.key.source, {})[increase.key.metric] = increase
    found = [
        instance(source, samples.state(source).get("maxmemory_policy", ""), of_source, increases.get(source, {}))
        for source, of_source in sorted(gauges.items())
        if "used_memory" in of_source
    ]
    return MemoryView(window, trust, tuple(found), tuple(marks), census.build(samples))


def instance(source: str, policy: str, gauges: dict[str, GaugeSeries], increases: dict[str, IncreaseSeries]) -> Instance:
    """Judge one server by its newest readings and its increases over the window."""
    last = {metric: _last(series) for metric, series in gauges.items()}
    evicted, expired = (total(increases.get(metric)) for metric in COUNTERS)
    limit = last.get("maxmemory") or None
    facts = Instance(
        source,
        policy,
        last["used_memory"],
        limit,
        last.get("used_memory_rss", np.nan),
        last.get("used_memory_peak", np.nan),
        last.get("allocator_frag_ratio", last.get("mem_fragmentation_ratio", np.nan)),
        last.get("allocator_frag_bytes", np.nan),
        last.get("total_system_memory", np.nan),
        evicted,
        expired,
        gauges,
        increases,
        (),
    )
    found = tuple(v for v in (_room(facts, last.get("mem_not_counted_for_evict", 0.0)), _fragmentation(facts), _swap(facts)) if v)
    return replace(facts, verdicts=found)


def _room(found: Instance, not_counted: float) -> Verdict:
    subject = f"Memory of {found.source}"
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


def _fragmentation(found: Instance) -> Verdict:
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


def _swap(found: Instance) -> Verdict | None:
    if not (found.rss < 0.9 * found.used and found.used > 100 * 1024**2):
        return None
    reason = f"only {numbers.size(found.rss)} of {numbers.size(found.used)} is in memory: the rest is swapped out"
    return Verdict(f"Swapping of {found.source}", Level.CRITICAL, reason, "Give the machine memory, or lower maxmemory.")


def _last(series: GaugeSeries) -> float:
    known = series.last[np.isfinite(series.last)]
    return float(known[-1]) if known.size else float("nan")


def total(series: IncreaseSeries | None) -> float:
    """A counter's increase over the window."""
    return 0.0 if series is None else float(np.nansum(series.increase))
