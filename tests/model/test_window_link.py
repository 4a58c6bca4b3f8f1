"""A window in a link: written and read back to the second, refused in words when it is nonsense."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidWindow
from prosepolish_core.model.window import LONGEST_S, Window

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
instants = st.integers(978_307_200, 4_070_908_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(instants, st.integers(1, LONGEST_S))
def test_what_a_link_says_is_read_as_it_was_written(start: datetime, seconds: int) -> None:
    """For every window of whole seconds."""
    window = Window(start, start + timedelta(seconds=seconds))

    assert Window.parse(*window.texts) == window


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_window_or_one_sentence(start: str, end: str) -> None:
    """Nothing else than InvalidWindow ever comes out."""
    try:
        found = Window.parse(start, end)
    except InvalidWindow:
        return
    assert found.start < found.end


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-26T11:00+01:00", "2026-11-26T11:00Z"),
        ("2026-11-26 10:00", "2026-11-26T11:00:00"),
        ("2026-11-26T10:00Z", " 2026-11-26T06:00-05:00 "),
    ],
)
def test_zones_are_understood_and_none_is_utc(start: str, end: str) -> None:
    """All three are the hour from ten to eleven."""
    assert Window.parse(start, end) == Window(NOON - timedelta(hours=2), NOON - timedelta(hours=1))


def test_a_window_that_is_too_long_or_has_not_begun_is_refused() -> None:
    """One that has begun and ends later is shown as far as it has come."""
    year, second = timedelta(days=365), timedelta(seconds=1)
    for window in (Window(NOON - 3 * year, NOON), Window(NOON, NOON + second)):
        with pytest.raises(InvalidWindow):
            window.checked(NOON)
    assert Window(NOON - second, NOON + second).checked(NOON).end == NOON + second


def test_neighbours_touch_and_words_name_the_second_day_only_where_it_is_another() -> None:
    """Earlier, later, and how each reads."""
    hour = Window(NOON - timedelta(hours=1), NOON)

    assert hour.moved(1) == Window(NOON, NOON + timedelta(hours=1))
    assert hour.moved(-1).end == hour.start
    assert hour.words == "2026-11-26 11:00 to 12:00 UTC"
    assert hour.moved(12.5).words == "2026-11-26 23:30 to 2026-11-27 00:30 UTC"
