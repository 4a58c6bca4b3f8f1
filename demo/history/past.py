"""A simulated past as it is told: days and weeks of traffic, two deploys and five incidents, each with its marks."""

from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from prosepolish_core.model.series import Mark

from .faults import WorldFault, fault
from .knobs import DAY_S, Knobs, world

MINUTE_S = 60.0
#: Lookups a second at the busiest: about what the demo's own traffic goes on with.
PEAK_PER_S = 24.0
#: What breaks, after which share of the days, and at which hour (UTC): while people are at work.
INCIDENTS = (
    ("postgres_stopped", 0.12, 9.4),
    ("bad_deploy", 0.36, 14.0),
    ("cache_flushed", 0.58, 10.75),
    ("gemini_503", 0.77, 16.2),
    ("memory_leak", 0.93, 11.1),
)
#: A deploy after which nothing happens.
GOOD_DEPLOY = (0.22, 10.0)


class SimulatedPast(NamedTuple):
    """The world over every minute, what broke in it, and what the charts mark."""

    knobs: Knobs
    faults: tuple[WorldFault, ...]
    marks: tuple[Mark, ...]


def past(until: float, days: int, seed: int) -> SimulatedPast:
    """The days that end at `until`, the beginning of a minute. The same seed gives the same past."""
    at = until - days * DAY_S + MINUTE_S * np.arange(round(days * DAY_S / MINUTE_S), dtype=np.float64)
    knobs = world(at, np.random.default_rng(seed), PEAK_PER_S)
    faults = tuple(fault(kind, _instant(at[0], days, share, hour)) for kind, share, hour in INCIDENTS)
    for each in faults:
        each.turn(knobs)
    marks = [Mark(_utc(_instant(at[0], days, *GOOD_DEPLOY)), "deploy", "ProsePolish 2.4")]
    for each in faults:
        marks += _marks(each)
    return SimulatedPast(knobs, faults, tuple(sorted(marks)))


def _marks(of: WorldFault) -> list[Mark]:
    """What somebody, or the collectors, would have noted."""
    begins, ends = _utc(of.begins), _utc(of.ends)
    return {
        "bad_deploy": [Mark(begins, "deploy", "ProsePolish 2.5"), Mark(ends, "deploy", "ProsePolish 2.4 again")],
        "cache_flushed": [Mark(begins, "flush", "cache: FLUSHALL removed every key", "cache")],
        "postgres_stopped": [Mark(ends, "restart", "postgres restarted", "postgres")],
    }.get(of.kind, [])


def _instant(start: float, days: int, share: float, hour: float) -> float:
    """An hour of the day that lies after this share of the past; whole minutes."""
    day = (start // DAY_S + 1 + round(share * (days - 2))) * DAY_S
    return round((day + hour * 3600.0) / MINUTE_S) * MINUTE_S


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
