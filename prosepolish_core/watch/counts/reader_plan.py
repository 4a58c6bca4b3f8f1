"""Which stored step answers which part of a window: coarse in the middle, fine at the edges, exact in sum.

A bucket belongs to the window its start lies in, so windows that touch share nothing and miss nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from ...model.window import Window

Kept = Mapping[int, timedelta]

#: The stored steps in seconds, finest first, and how long each is kept.
KEPT: Kept = {10: timedelta(hours=26), 60: timedelta(days=35), 3600: timedelta(days=800)}
#: The ledger keeps every single row (step 1 stands for them), and hours beside them.
LEDGER_KEPT: Kept = {1: timedelta(days=800), 3600: timedelta(days=800)}
#: Bucket widths a chart may have.
WIDTHS = (10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)


class ReadSpan(NamedTuple):
    """Rows of one step with start <= ts < stop."""

    step: int
    start: datetime
    stop: datetime


class ReaderPlan(NamedTuple):
    """How to read a window. `width_s` is None when all of it becomes one bucket."""

    width_s: int | None
    spans: tuple[ReadSpan, ...]


def plan(window: Window, points: int, now: datetime, kept: Kept = KEPT) -> ReaderPlan:
    """Choose the bucket width for about `points` buckets, and the spans that cover the window without overlap."""
    width = None if points <= 1 else max(_width(window.seconds / points), finest(window.start, now, kept))
    usable = tuple(step for step in kept if width is None or width % step == 0)
    return ReaderPlan(width, tuple(_cover(snap(window.start, now, kept), snap(window.end, now, kept), usable)))


def finest(at: datetime, now: datetime, kept: Kept = KEPT) -> int:
    """The finest step still kept at that instant."""
    return next((step for step, age in kept.items() if now - at <= age), max(kept))


def snap(at: datetime, now: datetime, kept: Kept = KEPT) -> datetime:
    """An old instant, moved back to a bucket boundary of the finest step still kept there."""
    step = finest(at, now, kept)
    return at if step == min(kept) else floor(at, step)


def floor(at: datetime, step: int) -> datetime:
    """The last multiple of `step` seconds since the epoch that is not after the instant."""
    seconds = int(at.timestamp() // step) * step
    return datetime.fromtimestamp(seconds, tz=at.tzinfo)


def _width(wanted_s: float) -> int:
    return next((width for width in WIDTHS if width >= wanted_s), WIDTHS[-1])


def _cover(start: datetime, end: datetime, steps: tuple[int, ...]) -> list[ReadSpan]:
    if start >= end:
        return []
    *finer, step = steps
    if not finer:
        return [ReadSpan(step, start, end)]
    first, last = floor(start, step), floor(end, step)
    if first < start:
        first += timedelta(seconds=step)
    if first >= last:
        return _cover(start, end, tuple(finer))
    return [*_cover(start, first, tuple(finer)), ReadSpan(step, first, last), *_cover(last, end, tuple(finer))]
