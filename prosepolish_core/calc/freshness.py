"""Which readings speak of now, and which instances are up: one rule for the pages, `/metrics` and whoever else asks."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ..model.series import Pulse, Reading

#: A value that is older than so many intervals of its collector says nothing about now.
INTERVALS = 3
#: The interval of what was read only once: it is not known yet.
ONCE_S = 60.0


class Presence(NamedTuple):
    """Whether an instance answered the newest INFO, and if not, why."""

    source: str
    up: bool
    reason: str = ""


def limit_s(every_s: float | None) -> float:
    """The age up to which a value that is read so often speaks of now."""
    return INTERVALS * (every_s or ONCE_S)


def is_fresh(ts: datetime, every_s: float | None, now: datetime) -> bool:
    """Whether what was read then speaks of now."""
    return now - ts <= timedelta(seconds=limit_s(every_s))


def fresh(readings: Iterable[Reading], now: datetime) -> list[Reading]:
    """Those readings that speak of now."""
    return [reading for reading in readings if is_fresh(reading.ts, reading.every_s, now)]


def presences(targets: Iterable[str], pulses: Sequence[Pulse], now: datetime) -> dict[str, Presence]:
    """Every configured target, read or not, and every other instance that is read; by source.

    `pulses` are the newest runs of the INFO collector. An instance is down as soon as the newest of them failed.
    """
    newest = {pulse.source: pulse for pulse in pulses}
    read = {source for source, pulse in newest.items() if is_fresh(pulse.ts, pulse.every_s, now)}
    return {source: _presence(source, newest.get(source), now) for source in sorted({*targets, *read})}


def _presence(source: str, pulse: Pulse | None, now: datetime) -> Presence:
    if pulse is None:
        return Presence(source, up=False, reason="never read")
    if not is_fresh(pulse.ts, pulse.every_s, now):
        return Presence(source, up=False, reason="not read any more")
    if pulse.outcome != "ok":
        return Presence(source, up=False, reason=pulse.detail or pulse.outcome)
    return Presence(source, up=True)
