"""Calendar months: read, bounded by midnights of their zone, whole."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidWindow
from prosepolish_core.model.calendar_month import CalendarMonth, midnight, zone_named

ZONES = st.sampled_from(sorted(available_timezones()))
MONTHS = st.builds("{:04d}-{:02d}".format, st.integers(1970, 2100), st.integers(1, 12))


def test_a_month_begins_and_ends_at_midnights_of_its_zone() -> None:
    """November in Berlin is an hour earlier than in UTC; October there has an hour more than its days."""
    november, october = CalendarMonth.read("2026-11", "Europe/Berlin"), CalendarMonth.read("2026-10", "Europe/Berlin")
    assert november.window.start == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert november.window.end == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert october.window.seconds == 31 * 86_400 + 3600
    assert [day.seconds for day in october.days() if day.seconds != 86_400] == [25 * 3600]
    assert str(CalendarMonth.read("2026-12").next) == "2027-01"


@given(MONTHS, ZONES)
def test_days_tile_the_month_and_months_tile_the_year(text: str, zone: str) -> None:
    """In every zone, whatever its clocks did: no instant is in two days, and none in no day."""
    month = CalendarMonth.read(text, zone)
    days = month.days()
    assert (days[0].start, days[-1].end) == (month.window.start, month.window.end)
    assert all(one.end == two.start for one, two in pairwise(days))
    assert month.window.end == month.next.window.start


@given(st.integers(2_678_400, 4_102_444_800).map(lambda second: datetime.fromtimestamp(second, UTC)), ZONES)
def test_an_instant_lies_in_its_month(at: datetime, zone: str) -> None:
    """The month of an instant holds it, but where a zone has set its clocks over midnight: then a neighbour may."""
    month = CalendarMonth.of(at, zone_named(zone))
    window = month.window
    assert window.start <= at + timedelta(hours=24)
    assert at - timedelta(hours=24) < window.end
    if zone in {"UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata"}:
        assert window.start <= at < window.end


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "11-2026", "1969-12", "9999-01", "2026-11-01", ""])
def test_what_is_no_month_is_refused_with_an_example(text: str) -> None:
    """The sentence shows how to write one."""
    with pytest.raises(InvalidWindow, match="2026-11"):
        CalendarMonth.read(text)


@pytest.mark.parametrize("zone", ["Mars", "", "../etc/passwd", "Europe", "\0"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    """Whatever was written, and no file is opened by it."""
    with pytest.raises(InvalidWindow, match="Europe/Berlin"):
        CalendarMonth.read("2026-11", zone)


def test_where_midnight_does_not_exist_a_day_begins_when_its_clocks_do() -> None:
    """Beirut's clocks went from midnight to one o'clock: the day began at that instant."""
    assert midnight(date(2022, 3, 27), zone_named("Asia/Beirut")) == datetime(2022, 3, 26, 22, tzinfo=UTC)
