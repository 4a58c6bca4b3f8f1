"""`prosepolish_*`: what the core counted, what the collectors say of themselves, the census and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...model.latency import le
from ...model.sample import Kind, Labels
from .family import Families, merged
from .totals import APART, Totals

if TYPE_CHECKING:  # a process that counts for itself reads no series, and needs no numpy
    from ...model.series import Reading

#: Prefixes of our own metrics; everything else is a server's field under the exporter's name.
OWN = (
    "collector_",
    "census_",
    "postgres_",
    "store_",
    "clients_",
    "slowlog_seen",
    "slowlog_missed",
    "attributed_",
    "cluster_node",
    "cluster_primaries",
    "cluster_replicas",
    "sentinel_primary_ok",
    "series_left_out",
)
#: Events that are counted by a detail ("name:detail"): its label, and what the counter says.
DETAILED = {
    "limit_checked": ("limit", "Calls that a limit was asked about, by the limit's name"),
    "limit_denied": ("limit", "Calls refused, by the limit that refused them"),
    "limit_would_deny": ("limit", "Calls that a shadow limit would have refused"),
    "session_ended": ("why", "Sessions ended: logout, device, everywhere, cap or reuse"),
}
_BASE_UNITS = {"bytes": "bytes", "seconds": "seconds", "ratio": "ratio", "microseconds": "seconds"}


def add_readings(families: Families, readings: Iterable[Reading]) -> None:
    """Add our own readings, in base units and with `_total` on counters."""
    for reading in readings:
        metric = reading.key.metric
        if not metric.startswith(OWN):
            continue
        counter = reading.kind is Kind.COUNTER
        value = reading.value * 1e-6 if reading.unit == "microseconds" else reading.value
        name, labels = own_name(metric, reading.unit, counter=counter), merged(reading.key.labels, {"instance": reading.key.source})
        families.add(name, "counter" if counter else "gauge", value, labels)


def own_name(metric: str, unit: str, *, counter: bool) -> str:
    """What one of our own metrics is called here."""
    base, named = metric.removesuffix("_usec"), _BASE_UNITS.get(unit, "")
    return f"prosepolish_{base}" + (f"_{named}" if named and not base.endswith(named) else "") + ("_total" if counter else "")


def add_totals(families: Families, totals: Totals) -> None:
    """Add what the core counted since this process began to read the store."""
    for (family, tier, outcome), (steps, answers, _seconds) in sorted(totals.lookups.items()):
        labels: Labels = (("family", family), ("outcome", outcome), ("tier", tier))
        families.add("prosepolish_tier_requests_total", "counter", float(steps), labels, "Times a tier was asked, by outcome")
        families.add("prosepolish_answers_total", "counter", float(answers), labels, "Final answers, by the tier that gave them")
    for (family, tier), (bounds, counts, seconds) in sorted(totals.latency.items()):
        labels = (("family", family), ("tier", tier))
        name = "prosepolish_tier_duration_seconds"
        for bound, count in zip(bounds, counts, strict=True):
            families.add(name, "histogram", float(count), merged(labels, {"le": le(bound)}), "Time in one tier", "_bucket")
        families.add(name, "histogram", seconds, labels, suffix="_sum")
        families.add(name, "histogram", float(counts[-1] if counts else 0), labels, suffix="_count")
    for marks, row in sorted(totals.llm.items()):
        labels = tuple(zip(APART, marks, strict=True))
        families.add("prosepolish_llm_calls_total", "counter", float(row.calls), labels, "LLM calls, paid and avoided")
        families.add("prosepolish_llm_unpriced_calls_total", "counter", float(row.unpriced), labels)
        families.add("prosepolish_llm_unknown_calls_total", "counter", float(row.unknown), labels, "Calls of unknown cost")
        families.add("prosepolish_llm_cost_usd_total", "counter", float(row.cost_usd), labels)
        for part in ("prompt", "cached", "output", "thoughts"):
            tokens = float(getattr(row, part))
            families.add("prosepolish_llm_tokens_total", "counter", tokens, merged(labels, {"part": part}))
    for event, number in sorted(totals.events.items()):
        name, _, detail = event.partition(":")
        if name in DETAILED:
            label, told = DETAILED[name]
            if detail:
                families.add(f"prosepolish_{name}_total", "counter", float(number), ((label, detail),), told)
                continue
        families.add("prosepolish_events_total", "counter", float(number), (("event", event),), "Named events of the core")
