"""Quiet hours and maintenance windows of the TOML file: when nobody is told, and what is wrong with the file."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import FiredAlert
from prosepolish_core.watch.alerts.overrides import read
from prosepolish_core.watch.alerts.quiet import QuietHours, QuietTimes
from prosepolish_core.watch.alerts.rules import BY_NAME

FILE = """
[quiet]
hours = "22:00-07:00"
timezone = "Europe/Berlin"
days = ["fri", "sat"]

[[maintenance]]
from = 2026-12-01T22:00:00Z
until = 2026-12-02T01:00:00Z
reason = "new disk"
about = "cache"

[memory_full]
off = true
"""
CACHE = FiredAlert("instance_down", (("instance", "cache"),), Level.CRITICAL, 0, 0)
WARNING = FiredAlert("memory_full", (("instance", "state"),), Level.WARNING, 0, 0)


def times(folder: Path, text: str) -> QuietTimes:
    """What a file says."""
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return read(path, BY_NAME).quiet


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "quiet"),
    [
        ("2026-11-27T20:59", False),  # Friday, a minute to ten in Berlin
        ("2026-11-27T21:00", True),
        ("2026-11-28T05:59", True),  # Saturday morning belongs to Friday's night
        ("2026-11-28T06:00", False),
        ("2026-11-29T05:00", True),  # Sunday morning, to Saturday's
        ("2026-11-29T22:00", False),  # Sunday night is not among the days
    ],
)
def test_a_warning_waits_for_the_end_of_the_night_and_a_critical_one_does_not(tmp_path: Path, now: str, quiet: bool) -> None:
    """By the clock of the place, over midnight."""
    found = times(tmp_path, FILE)
    assert bool(found.mutes(WARNING, at(now))) is quiet
    assert found.mutes(CACHE, at(now)) == ""


def test_a_critical_one_waits_too_where_the_file_says_so(tmp_path: Path) -> None:
    """One setting."""
    found = times(tmp_path, '[quiet]\nhours = "00:00-23:59"\ncritical_breaks_through = false\n')
    assert found.mutes(CACHE, at("2026-11-27T12:00")) == "quiet hours 00:00-23:59 UTC"


def test_maintenance_is_about_its_instance_and_its_time(tmp_path: Path) -> None:
    """Whatever the level."""
    found = times(tmp_path, FILE)
    assert found.mutes(CACHE, at("2026-12-01T22:00")) == "maintenance: new disk"
    assert found.mutes(CACHE, at("2026-12-02T01:00")) == ""
    assert found.mutes(WARNING, at("2026-12-01T20:30")) == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[quiet]\n", "[quiet] needs hours"),
        ('[quiet]\nhours = "22-7"\n', "[quiet] needs hours"),
        ('[quiet]\nhours = "07:00-07:00"\n', "begin and end at the same minute"),
        ('[quiet]\nhours = "22:00-07:00"\ntimezone = "Mars"\n', "timezone 'Mars' is not known"),
        ('[quiet]\nhours = "22:00-07:00"\ntimezone = "../x"\n', "is not known"),
        ('[quiet]\nhours = "22:00-07:00"\ndays = ["Friday"]\n', "days is a list of mon"),
        ('[quiet]\nhours = "22:00-07:00"\ncritical = 1\n', "critical is not known"),
        ("quiet = 3\n", "[quiet] must be a table"),
        ("[maintenance]\n", "[[maintenance]]"),
        ("[[maintenance]]\nfrom = 2026-12-01T22:00:00\n", "[maintenance 1] from is an instant with its zone"),
        ("[[maintenance]]\nfrom = 2026-12-01T22:00:00Z\nuntil = 2026-12-01T21:00:00Z\nreason = 'x'\n", "ends before it begins"),
        ("[[maintenance]]\nfrom = 2026-12-01T22:00:00Z\nuntil = 2027-12-01T21:00:00Z\nreason = 'x'\n", "at most 31 days"),
        ("[[maintenance]]\nfrom = 2026-12-01T22:00:00Z\nuntil = 2026-12-01T23:00:00Z\n", "needs a reason"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_place(tmp_path: Path, text: str, told: str) -> None:
    """Nothing of the file is used."""
    with pytest.raises(InvalidInput) as error:
        times(tmp_path, text)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


clock = st.times().map(lambda t: t.replace(second=0, microsecond=0, fold=0))


@given(clock, clock, st.datetimes(at("2026-01-01").replace(tzinfo=None), at("2027-01-01").replace(tzinfo=None)))
def test_one_of_two_quiet_times_that_share_a_day_holds_at_every_moment(first: object, second: object, now: datetime) -> None:
    """From a to b, and from b to a: together a whole day, and never both."""
    one, other = (QuietHours(a, b, ZoneInfo("UTC")) for a, b in ((first, second), (second, first)))  # type: ignore[arg-type]
    if first != second:
        assert one.holds(Level.WARNING, now.replace(tzinfo=UTC)) is not other.holds(Level.WARNING, now.replace(tzinfo=UTC))
