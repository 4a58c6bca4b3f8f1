"""How long an upstream asks us to stay away."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.drivers.pacing import LONGEST_S, from_error, from_headers

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("13", 13.0),
        ("1.5", 1.5),
        (" 7 ", 7.0),
        ("999999999", LONGEST_S),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Sun, 23 Nov 2036 12:00:00 GMT", LONGEST_S),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("nan", None),
        ("Mon, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_seconds_and_dates_are_read(text: str, seconds: float | None) -> None:
    """A number or an HTTP date gives bounded seconds; anything else gives None."""
    assert from_headers({"retry-after": text}, NOW) == seconds


@given(st.text(max_size=60))
def test_any_header_gives_bounded_seconds_or_none(text: str) -> None:
    """No header raises, and none keeps us away for longer than the cap."""
    found = from_headers({"retry-after": text}, NOW)
    assert found is None or 0 <= found <= LONGEST_S


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"details": [{"@type": "x"}, {"retryDelay": "13s"}]}}, 13.0),
        ({"error": {"details": [{"retryDelay": "0.25s"}]}}, 0.25),
        ({"error": {"details": [{"retryDelay": "1e9s"}, 3, None]}}, None),
        ({"error": {"details": {"retryDelay": "1s"}}}, None),
        ({"error": []}, None),
        ([], None),
        (None, None),
    ],
)
def test_google_s_retry_info_is_read(body: object, seconds: float | None) -> None:
    """The retryDelay of an error body counts; any other shape gives None."""
    assert from_error(body) == seconds
