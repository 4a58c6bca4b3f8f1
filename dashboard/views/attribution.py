"""Attribution: per key family the core's own hits and misses beside what the
servers' key events tell of the same family.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from prosepolish_core.model.outcome import Family
from prosepolish_core.model.series import IncreaseSeries
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader

EVENTS = ("keymiss", "expired", "evicted")
ESTIMATE = "attributed_estimate"
#: Seconds in which the listener heard every event, rested (a sample stood for them), or was cut off.
HEARD, RESTED, LOST = "attributed_heard_seconds", "attributed_rested_seconds", "attributed_lost_seconds"
GAPS = "attributed_gaps"


@dataclass(frozen=True, slots=True)
class AttributedFamily:
    """One key family. The core's numbers are None where it counts nothing of it; the servers' where nobody listens."""

    family: str
    hits: int | None
    misses: int | None
    server_misses: float | None
    expired: float | None
    evicted: float | None

    @property
    def ratio(self) -> float | None:
        """The core's hit ratio; None where nothing was asked."""
        asked = (self.hits or 0) + (self.misses or 0)
        return (self.hits or 0) / asked if asked else None


@dataclass(frozen=True, slots=True)
class Hearing:
    """How well one server was listened to in the window: shares of it, and how often the connection was lost."""

    source: str
    heard: float
    rested: float
    gaps: int

    @property
    def sampled(self) -> bool:
        """Whether part of what is shown is an estimate from a sample."""
        return self.rested > 0

    @property
    def known(self) -> float:
        """Share of the window that was heard, or that a sample stands for; the rest is a gap."""
        return min(1.0, self.heard + self.rested)


@dataclass(frozen=True, slots=True)
class Attribution:
    """Rows by family, and how each server was listened to; `hearing` is empty where no server tells its key events."""

    rows: tuple[AttributedFamily, ...]
    hearing: tuple[Hearing, ...]


def build(samples: SampleReader, window: Window, core: Mapping[str, tuple[int, int]]) -> Attribution:
    """Join the core's (hits, misses) by family, of the Redis tier, with the servers' events.

    Raises StoreUnavailable.
    """
    found = samples.increases((ESTIMATE, HEARD, RESTED, LOST, GAPS), window, points=1)
    hearing = hearing_of(found, window)
    events: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(EVENTS, 0.0))
    for series in found:
        labels = dict(series.key.labels)
        if series.key.metric == ESTIMATE and labels.get("event") in EVENTS:
            events[labels.get("family", "")][labels["event"]] += _total(series)
    seen = {family for family, of in events.items() if any(of.values())}
    return Attribution(tuple(_row(f, core.get(f), events[f] if hearing else None) for f in _ordered(core.keys() | seen)), hearing)


def hearing_of(found: Iterable[IncreaseSeries], window: Window) -> tuple[Hearing, ...]:
    """How each server was listened to; one nobody listened to is left out."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for series in found:
        if series.key.metric in {HEARD, RESTED, LOST, GAPS}:
            sums[series.key.source][series.key.metric] += _total(series)
    return tuple(
        Hearing(source, s[HEARD] / window.seconds, s[RESTED] / window.seconds, round(s[GAPS]))
        for source, s in sorted(sums.items())
        if s[HEARD] or s[RESTED] or s[LOST]
    )


def _row(family: str, core: tuple[int, int] | None, events: dict[str, float] | None) -> AttributedFamily:
    hits, misses = core or (None, None)
    server_misses, expired, evicted = (events[event] for event in EVENTS) if events else (None, None, None)
    return AttributedFamily(family, hits, misses, server_misses, expired, evicted)


def _ordered(families: Iterable[str]) -> list[str]:
    known = [family.value for family in Family]
    return sorted(families, key=lambda f: (known.index(f.partition(":")[0]) if f.partition(":")[0] in known else 99, f))


def _total(series: IncreaseSeries) -> float:
    return float(np.nansum(series.increase))
