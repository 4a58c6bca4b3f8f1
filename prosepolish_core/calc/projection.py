"""Projection: what a month or a year comes to if things go on as in the last full days, idle hours included.

Before seven full days there is none: a rate taken from less than a week tells more about the hour than about the month.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import sqrt

from ..model.calendar_month import midnight
from .students_t import two_sided

#: Full days needed, and the most that are learnt from: older ones say less about the next month than newer ones.
NEEDED_DAYS, LEARNT_DAYS = 7, 28
#: The range holds the truth in nine of ten cases.
COVERED = 0.9
#: A weekday's own days weigh against so many days of all its kind (workdays, or the weekend).
LENT_DAYS = 1.0
#: How far traffic strays from one week to the next for good (a random walk): a few weeks cannot show it, a year has it.
DRIFT = 0.015
HOUR = timedelta(hours=1)
#: Monday is 0. Two kinds of days; each has its own course of hours.
WORKDAYS, WEEKEND = frozenset(range(5)), frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class TooEarly:
    """No projection yet: how many full days there are, and how many seconds it takes until there are enough."""

    full_days: int
    wait_s: float


@dataclass(frozen=True, slots=True)
class Projected:
    """What it comes to, and the range that holds the truth in nine of ten cases. `days` is what was learnt from."""

    amount: float
    low: float
    high: float
    days: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """Workdays, or days of the weekend: each hour's share of such a day, and how far a day strays from it."""

    shares: Mapping[int, float]
    days: int
    variance: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What a day of each weekday comes to, by the hour of the zone."""

    zone: tzinfo
    now: datetime
    days: int
    weekdays: Mapping[int, float]
    kinds: Sequence[_Kind]

    def until(self, end: datetime, so_far: float = 0.0) -> Projected:
        """What has come so far and what is expected from now until `end`."""
        expected, days = 0.0, [0.0, 0.0]
        for local, part in _hours(self.now, end, self.zone):
            weekday = local.weekday()
            which = int(weekday in WEEKEND)
            share = self.kinds[which].shares.get(local.hour, 0.0)
            expected += part * share * self.weekdays[weekday]
            days[which] += part / 24
        variance = sum(n * kind.variance * (1 + n / kind.days) for n, kind in zip(days, self.kinds, strict=True))
        variance += (expected * DRIFT) ** 2 * (self.days + sum(days)) / 7 / 3  # of the mean ahead against the mean learnt
        away = two_sided(COVERED, self.days - 2) * sqrt(variance)
        amount = so_far + expected
        return Projected(amount, max(so_far, amount - away), amount + away, self.days)


def learnt(hours: Mapping[datetime, float], since: datetime, now: datetime, zone: tzinfo = UTC) -> Rhythm | TooEarly:
    """The rhythm of the last full days. `hours` holds sums by the instant an hour begins at; a missing one was idle.

    `since` is when counting began: nothing before it is idle time.
    """
    days = full_days(since, now, zone)
    if len(days) < NEEDED_DAYS:
        first = _first_full(since, zone)
        ready = midnight(first + timedelta(days=NEEDED_DAYS), zone)
        return TooEarly(len(days), (ready - now).total_seconds())
    days = days[-LEARNT_DAYS:]
    courses = {day: [0.0] * 24 for day in days}
    for ts, amount in hours.items():
        local = ts.astimezone(zone)
        if local.date() in courses:
            courses[local.date()][local.hour] += amount
    kinds, weekdays = [], {}
    for kind in (WORKDAYS, WEEKEND):
        found = {day: course for day, course in courses.items() if day.weekday() in kind}
        totals = {day: sum(course) for day, course in found.items()}
        mean = sum(totals.values()) / len(totals)
        whole = sum(totals.values())
        shares = {hour: sum(course[hour] for course in found.values()) / whole for hour in range(24)} if whole else {}
        strays = []
        for weekday in kind:
            own = [amount for day, amount in totals.items() if day.weekday() == weekday]
            weekdays[weekday] = (sum(own) + LENT_DAYS * mean) / (len(own) + LENT_DAYS)
            leverage = (1 + LENT_DAYS / len(totals)) / (len(own) + LENT_DAYS)
            strays += [(amount - weekdays[weekday]) / (1 - leverage) for amount in own]
        kinds.append(_Kind(shares, len(totals), sum(stray**2 for stray in strays) / len(strays)))
    return Rhythm(zone, now, len(days), weekdays, kinds)


def full_days(since: datetime, now: datetime, zone: tzinfo = UTC) -> list[date]:
    """The days of the zone that lie wholly between the two instants."""
    day, found = _first_full(since, zone), []
    while midnight(day + timedelta(days=1), zone) <= now:
        found.append(day)
        day += timedelta(days=1)
    return found


def _first_full(since: datetime, zone: tzinfo) -> date:
    day = since.astimezone(zone).date()
    return day if midnight(day, zone) >= since else day + timedelta(days=1)


def _hours(start: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, float]]:
    """Every hour between the two as the zone's clocks show it, and the part of it that lies between them."""
    at = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while at < end:
        until = at + HOUR
        part = (min(until, end) - max(at, start)) / HOUR
        yield at.astimezone(zone), part
        at = until
