"""Quiet hours and maintenance windows of the TOML file: when nobody is told, and of what.

[quiet]
hours = "22:00-07:00"
timezone = "Europe/Berlin"     # UTC when it is left out
days = ["sat", "sun"]          # the days on which quiet hours begin; all when it is left out
critical_breaks_through = true # false: not even a critical incident is told

[[maintenance]]
from = 2026-12-01T22:00:00Z
until = 2026-12-02T01:00:00Z
reason = "new disk"
about = "cache"                # one instance or tier; all when it is left out
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from ...errors import InvalidInput, InvalidWindow
from ...model.calendar_month import zone_named
from ...model.health import Level
from ...model.incident import FiredAlert

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
LONGEST_MAINTENANCE = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` to `ends` (the next day where that is earlier) on these days, by the clock of a place."""

    begins: time
    ends: time
    zone: tzinfo
    days: frozenset[int] = frozenset(range(7))
    critical_breaks_through: bool = True

    def holds(self, level: Level, now: datetime) -> bool:
        """Whether nobody is told of this level now."""
        if level is Level.CRITICAL and self.critical_breaks_through:
            return False
        here = now.astimezone(self.zone)
        clock, today = here.time(), here.weekday()
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends and today in self.days
        return (clock >= self.begins and today in self.days) or (clock < self.ends and (today - 1) % 7 in self.days)

    @property
    def told(self) -> str:
        """In words."""
        return f"quiet hours {self.begins:%H:%M}-{self.ends:%H:%M} {self.zone}"


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """Nobody is told of anything about `about` (empty: of anything) in this time."""

    begins: datetime
    until: datetime
    reason: str
    about: str = ""

    def covers(self, alert: FiredAlert, now: datetime) -> bool:
        """Whether this alert is about what is being worked on."""
        return self.begins <= now < self.until and self.about in {"", *(value for _, value in alert.labels)}


@dataclass(frozen=True, slots=True)
class QuietTimes:
    """What the file says of both."""

    hours: QuietHours | None = None
    maintenance: tuple[MaintenanceWindow, ...] = ()

    def mutes(self, alert: FiredAlert, now: datetime) -> str:
        """Why nobody is told of this alert now; empty: somebody is."""
        for window in self.maintenance:
            if window.covers(alert, now):
                return f"maintenance: {window.reason}"
        return self.holds_back(alert.level, now)

    def holds_back(self, level: Level, now: datetime) -> str:
        """Why nothing of this level is told now; it is told when the quiet hours end."""
        return self.hours.told if self.hours and self.hours.holds(level, now) else ""


#: Somebody is always told.
NEVER = QuietTimes()


def of_table(quiet: Any, maintenance: Any) -> QuietTimes:
    """The two parts of the file. Raises InvalidInput with one sentence that names the place and the fix."""
    return QuietTimes(None if quiet is None else _hours(quiet), tuple(_windows([] if maintenance is None else maintenance)))


def _hours(table: Any) -> QuietHours:
    _only(table, "quiet", ("hours", "timezone", "days", "critical_breaks_through"))
    match = _HOURS.fullmatch(str(table.get("hours", "")))
    if match is None:
        raise InvalidInput('[quiet] needs hours, written as "22:00-07:00"')
    first, second = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if first == second:
        raise InvalidInput("[quiet] hours begin and end at the same minute")
    try:
        zone = zone_named(str(table.get("timezone", "UTC")))
    except InvalidWindow as error:
        raise InvalidInput(f"[quiet] timezone {error}") from None
    days = table.get("days", list(DAYS))
    if not isinstance(days, list) or not days or any(day not in DAYS for day in days):
        raise InvalidInput(f"[quiet] days is a list of {', '.join(DAYS)}")
    breaks = table.get("critical_breaks_through", True)
    if not isinstance(breaks, bool):
        raise InvalidInput("[quiet] critical_breaks_through is true or false")
    return QuietHours(first, second, zone, frozenset(map(DAYS.index, days)), breaks)


def _windows(tables: Any) -> Iterator[MaintenanceWindow]:
    if not isinstance(tables, list):
        raise InvalidInput("maintenance windows are written as [[maintenance]]")
    for number, table in enumerate(tables, 1):
        place = f"maintenance {number}"
        _only(table, place, ("from", "until", "reason", "about"))
        begins, until, reason = table.get("from"), table.get("until"), table.get("reason", "")
        for name, instant in (("from", begins), ("until", until)):
            if not isinstance(instant, datetime) or instant.tzinfo is None:
                raise InvalidInput(f"[{place}] {name} is an instant with its zone, written as 2026-12-01T22:00:00Z")
        if not begins < until:
            raise InvalidInput(f"[{place}] ends before it begins")
        if until - begins > LONGEST_MAINTENANCE:
            raise InvalidInput(f"[{place}] lasts at most {LONGEST_MAINTENANCE.days} days")
        if not isinstance(reason, str) or not reason.strip():
            raise InvalidInput(f"[{place}] needs a reason; it is shown to all")
        yield MaintenanceWindow(begins, until, reason.strip(), str(table.get("about", "")))


def _only(table: Any, place: str, names: tuple[str, ...]) -> None:
    if not isinstance(table, dict):
        raise InvalidInput(f"[{place}] must be a table")
    if unknown := sorted(set(table) - set(names)):
        raise InvalidInput(f"[{place}] {unknown[0]} is not known; it takes {', '.join(names)}")
