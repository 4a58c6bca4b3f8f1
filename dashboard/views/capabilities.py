"""Capabilities: which commands a server does not run for the collectors, why, and when each is tried again."""

from dataclasses import dataclass
from datetime import datetime

from prosepolish_core.calc.freshness import fresh
from prosepolish_core.ports import SampleReader

REFUSED, RETRY = "collector_refused", "collector_refused_retry_seconds"
#: Reasons as the collectors tell them, in words; any other is the server's own error word.
REASONS = {
    "unknown_command": "this version does not know it",
    "no_permission": "our user may not run it",
    "not_authenticated": "we are not logged in",
    "unsupported": "it does not support this form",
    "empty": "its answer is empty",
}


@dataclass(frozen=True, slots=True)
class Lacking:
    """One command one server refuses. `retry_s`: seconds until it is asked again, as of the newest reading."""

    target: str
    command: str
    reason: str
    retry_s: float | None


def build(samples: SampleReader, now: datetime) -> tuple[Lacking, ...]:
    """What is refused now. Raises StoreUnavailable."""
    readings = fresh(samples.latest((REFUSED, RETRY), at=now), now)
    retries = {r.key.labels: r.value for r in readings if r.key.metric == RETRY}
    found = []
    for reading in readings:
        if reading.key.metric == REFUSED:
            labels = dict(reading.key.labels)
            reason = REASONS.get(labels.get("reason", ""), labels.get("reason", ""))
            told = (labels.get("target", ""), labels.get("command", ""))
            found.append(Lacking(*told, reason, retries.get(reading.key.labels)))
    return tuple(sorted(found, key=lambda lacking: (lacking.target, lacking.command)))
