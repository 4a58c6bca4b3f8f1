"""A calendar month in a zone: from midnight to midnight, whatever the clocks do meanwhile."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from ..errors import InvalidWindow
from .window import Window

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
#: Months outside these have no bounds that a clock can show in every zone.
FIRST_YEAR, LAST_YEAR = 1970, 9998


def zone_named(name: str) -> tzinfo:
    """A time zone by its name, such as Europe/Berlin. UTC is known without any list of zones. Raises InvalidWindow."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise InvalidWindow(f"{name[:40]!r} is not known as a time zone; write for example Europe/Berlin, or UTC") from None


class CalendarMonth(NamedTuple):
    """One month of one year in one zone."""

    year: int
    month: int
    zone: tzinfo = UTC

    @classmethod
    def read(cls, text: str, zone: str = "UTC") -> Self:
        """`2026-11` in a zone. Raises InvalidWindow."""
        found = _MONTH.fullmatch(text.strip())
        if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
            raise InvalidWindow(f"{text[:20]!r} is no month; write for example 2026-11")
        return cls(int(found[1]), int(found[2]), zone_named(zone))

    @classmethod
    def of(cls, at: datetime, zone: tzinfo = UTC) -> Self:
        """The month in which an instant lies."""
        local = at.astimezone(zone)
        return cls(local.year, local.month, zone)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def next(self) -> "CalendarMonth":
        """The month after."""
        return CalendarMonth(self.year + self.month // 12, self.month % 12 + 1, self.zone)

    @property
    def window(self) -> Window:
        """From the first midnight to that of the month after. Months that touch share nothing and miss nothing."""
        return Window(midnight(date(self.year, self.month, 1), self.zone), midnight(self.next.first, self.zone))

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    def days(self) -> list[Window]:
        """Every day, 23 or 25 hours long where the clocks are changed."""
        count = (self.next.first - self.first).days
        starts = [midnight(self.first + timedelta(days=n), self.zone) for n in range(count + 1)]
        return [Window(start, end) for start, end in pairwise(starts)]


def midnight(day: date, zone: tzinfo) -> datetime:
    """The instant at which a day begins in a zone; the first one where its clocks show midnight twice."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
