"""Projections: from seven full days on, idle time included, by weekday and hour, with a range."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.projection import Rhythm, TooEarly, full_days, learnt
from prosepolish_core.model.calendar_month import CalendarMonth, zone_named

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hours(days: int, amount: float = 1.0, start: datetime = MONDAY) -> dict[datetime, float]:
    """Busy from nine to five on workdays, idle else."""
    every = (start + HOUR * n for n in range(days * 24))
    return {at: amount for at in every if at.weekday() < 5 and 9 <= at.hour < 17}


def test_before_seven_full_days_there_is_none_and_the_wait_is_told() -> None:
    """Counting began on Monday noon: Tuesday is the first full day, and the next Tuesday the first projection."""
    found = learnt(hours(3), MONDAY + 12 * HOUR, MONDAY + timedelta(days=3), UTC)
    assert found == TooEarly(2, 5 * 86_400)


def test_one_hit_after_a_week_of_idleness_is_no_fortune() -> None:
    """The idle time before the first row counts: $0.0004 in eight days is a tenth of a cent or two a month, not $17."""
    now = MONDAY + timedelta(days=8)
    found = learnt({MONDAY + timedelta(days=7, hours=5): 0.0004}, MONDAY, now, UTC)
    assert isinstance(found, Rhythm)
    assert found.until(now + timedelta(days=30)).amount < 0.004


def test_weekday_and_hour_are_heeded() -> None:
    """A rhythm without chance is projected exactly: eleven workdays are left, no weekend and no night counts."""
    now = MONDAY + timedelta(days=14)
    rhythm = learnt(hours(14), MONDAY, now, UTC)
    assert isinstance(rhythm, Rhythm)
    month = CalendarMonth(2026, 11)
    whole = rhythm.until(month.window.end, so_far=80.0)
    assert (whole.amount, whole.days) == (pytest.approx(80 + 11 * 8), 14)
    assert whole.low == pytest.approx(whole.amount, rel=0.03)  # nothing but the drift
    night = rhythm.until(now + 8 * HOUR)
    assert night.amount == 0.0
    assert rhythm.until(now + 9.5 * HOUR).amount == pytest.approx(0.5)


def test_the_range_widens_with_what_is_not_known() -> None:
    """Further ahead, from fewer days, from days that differ more."""
    noisy = {at: amount * (1 + (at.day % 3) / 2) for at, amount in hours(28).items()}
    short = learnt(noisy, MONDAY, MONDAY + timedelta(days=7), UTC)
    long = learnt(noisy, MONDAY, MONDAY + timedelta(days=28), UTC)
    assert isinstance(short, Rhythm)
    assert isinstance(long, Rhythm)

    def width(rhythm: Rhythm, days: int) -> float:
        found = rhythm.until(rhythm.now + timedelta(days=days))
        assert found.low <= found.amount <= found.high
        return (found.high - found.low) / found.amount

    assert width(long, 28) < width(short, 28)
    assert long.until(long.now + timedelta(days=7)).high < long.until(long.now + timedelta(days=28)).high


@given(
    st.integers(7, 30), st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.integers(0, 23), st.lists(st.floats(0, 100), min_size=24, max_size=24 * 30),
)  # fmt: skip
def test_any_course_gives_a_finite_range_around_what_is_expected(days: int, zone: str, hour: int, amounts: list[float]) -> None:
    """Whatever came: nothing is below what has come already, and no number breaks."""
    begun = MONDAY + HOUR * hour
    now = begun + timedelta(days=days + 1)
    found = learnt({begun + HOUR * n: amount for n, amount in enumerate(amounts)}, begun, now, zone_named(zone))
    assert isinstance(found, Rhythm)
    told = found.until(now + timedelta(days=30), so_far=5.0)
    assert 5.0 <= told.low <= told.amount + 1e-9 <= told.high + 2e-9 < 1e9


def test_full_days_lie_wholly_in_between() -> None:
    """A day that began before counting did, and the day that still runs, are none."""
    berlin = zone_named("Europe/Berlin")
    since, now = datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert [day.day for day in full_days(since, now, berlin)] == [1, 2]
    assert [day.day for day in full_days(since + timedelta(seconds=1), now, berlin)] == [2]
    assert [day.day for day in full_days(since, now, UTC)] == [1, 2]
