"""Limits and sessions: who is refused, by which limit, how log-ins come and go, and who is nearest to a limit now."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import NamedTuple

import numpy as np

from prosepolish_core import Core
from prosepolish_core.drivers.redis_sweep import RedisSweep
from prosepolish_core.errors import CacheUnavailable, SessionUnavailable
from prosepolish_core.live.limits.nearest import Nearest, nearest
from prosepolish_core.model.counts import EventCounts
from prosepolish_core.model.keys import RATE_LIMIT
from prosepolish_core.model.series import Instants, Mark, Numbers
from prosepolish_core.model.session import LiveSessions
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader, TelemetryReader
from prosepolish_core.watch.counts.reader_plan import floor, plan

from .marks import about
from .trust import OWN_COUNTS, Trust, of_counts

CHECKED, DENIED, SHADOW = "limit_checked", "limit_denied", "limit_would_deny"
LOCAL = "limit_degraded"
CREATED, ROTATED, ENDED, REUSE = "session_created", "session_rotated", "session_ended", "session_reuse"
EVENTS = (CHECKED, DENIED, SHADOW, LOCAL, CREATED, ROTATED, ENDED, REUSE)
POINTS = 90


@dataclass(frozen=True, slots=True)
class LimitUse:
    """One named limit over the window: calls it was asked about, those it refused, those its shadow would have."""

    name: str
    checked: int
    denied: int
    shadow: int

    @property
    def share(self) -> float | None:
        """The share refused; None where it was not asked."""
        return self.denied / self.checked if self.checked else None


@dataclass(frozen=True, slots=True)
class EventCourse:
    """How often something happened, per bucket."""

    name: str
    ts: Instants
    amount: Numbers


@dataclass(frozen=True, slots=True)
class LimitsView:
    """Everything the page shows. `nearest` and `live` are None where their server could not tell."""

    window: Window
    trust: Trust
    limits: tuple[LimitUse, ...]
    local: int
    denials: tuple[EventCourse, ...]
    shadows: tuple[EventCourse, ...]
    log_ins: tuple[EventCourse, ...]
    created: int
    rotated: int
    reuse: int
    ended: tuple[tuple[str, int], ...]
    live: LiveSessions | None
    nearest: Nearest | None
    width_s: float
    marks: tuple[Mark, ...]

    @property
    def checked(self) -> int:
        """Calls that named limits were asked about."""
        return sum(limit.checked for limit in self.limits)

    @property
    def denied(self) -> int:
        """Calls refused."""
        return sum(limit.denied for limit in self.limits)

    @property
    def shadow(self) -> int:
        """Calls that a shadow limit would have refused."""
        return sum(limit.shadow for limit in self.limits)

    @property
    def empty(self) -> bool:
        """Whether nothing was counted and nobody is logged in."""
        quiet = not (self.limits or self.created or self.rotated or self.reuse or self.ended)
        return quiet and not (self.live and self.live.sessions)


def read(core: Core, window: Window) -> LimitsView:
    """Counts of the window, and what the servers of limits and sessions say of now. Raises StoreUnavailable."""
    return build(core.samples, core.telemetry, window, live=_live(core), near=_nearest(core))


def build(
    samples: SampleReader,
    telemetry: TelemetryReader,
    window: Window,
    *,
    live: LiveSessions | None = None,
    near: Nearest | None = None,
    now: datetime | None = None,
) -> LimitsView:
    """Read and compute. Raises StoreUnavailable."""
    rows = telemetry.event_courses(EVENTS, window, POINTS)
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        name, _, detail = row.name.partition(":")
        sums[name][detail] += row.amount
    names = sorted({name for event in (CHECKED, DENIED, SHADOW) for name in sums[event] if name})
    uses = [LimitUse(name, sums[CHECKED][name], sums[DENIED][name], sums[SHADOW][name]) for name in names]
    width_s = plan(window, POINTS, now or datetime.now(UTC)).width_s or 1
    buckets = EventBuckets(tuple(rows), floor(window.start, width_s), window.end, width_s)
    newest = telemetry.newest()
    return LimitsView(
        window=window,
        trust=of_counts(newest, window, (), OWN_COUNTS),
        limits=tuple(sorted(uses, key=lambda use: (-use.denied, -use.shadow, -use.checked, use.name))),
        local=sums[LOCAL][""],
        denials=tuple(_courses(buckets, [f"{DENIED}:{use.name}" for use in uses if use.denied])),
        shadows=tuple(_courses(buckets, [f"{SHADOW}:{use.name}" for use in uses if use.shadow])),
        log_ins=tuple(_courses(buckets, [CREATED, ROTATED, REUSE])),
        created=sums[CREATED][""],
        rotated=sums[ROTATED][""],
        reuse=sums[REUSE][""],
        ended=tuple(sorted(((why, amount) for why, amount in sums[ENDED].items() if why), key=lambda row: (-row[1], row[0]))),
        live=live,
        nearest=near,
        width_s=width_s,
        marks=about(samples.marks(window), "state", "cache", "postgres"),
    )


class EventBuckets(NamedTuple):
    """Rows, and the buckets that they lie in: where nothing was counted, nothing happened."""

    rows: tuple[EventCounts, ...]
    start: datetime
    end: datetime
    width_s: int

    def course(self, event: str) -> EventCourse:
        """One event per bucket."""
        count = max(1, ceil((self.end - self.start).total_seconds() / self.width_s))
        amount = np.zeros(count)
        for row in self.rows:
            if row.name == event:
                amount[min(count - 1, max(0, int((row.ts - self.start).total_seconds() // self.width_s)))] += row.amount
        first = np.datetime64(self.start.astimezone(UTC).replace(tzinfo=None), "ms")
        ts = first + np.arange(count) * np.timedelta64(self.width_s * 1000, "ms")
        return EventCourse(event.partition(":")[2] or event, ts, amount)


def _courses(buckets: EventBuckets, events: Sequence[str]) -> list[EventCourse]:
    """One course per event that happened."""
    happened = {row.name for row in buckets.rows}
    return [buckets.course(event) for event in events if event in happened]


def _live(core: Core) -> LiveSessions | None:
    try:
        return core.sessions.live()
    except SessionUnavailable:
        return None


def _nearest(core: Core) -> Nearest | None:
    try:
        return nearest(core.limiter, RedisSweep(core.state, RATE_LIMIT.family))
    except CacheUnavailable:
        return None
