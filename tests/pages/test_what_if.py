"""The page What-if: plain sentences from a trace, refusals in words, and predictions that are kept."""

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from prosepolish_core.model.series import Mark
from prosepolish_core.watch.series.marks import add_mark
from tests.dashboard.stack import installed
from tests.support.traced import trace_days

from .test_pages import open_page, said

pytestmark = pytest.mark.live


def opened(**query: str) -> AppTest:
    at = open_page("what_if.py", **query)
    assert not at.exception
    return at


def test_a_longer_time_to_live_is_told_in_one_sentence_and_kept_beside_what_came(valkey_url: str, database_url: str) -> None:
    """The scenario is the URL's; a kept prediction waits for the mark of a change."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        trace_days(core, 150)
        at = opened(ttl="llm=72h", maxmemory="100mb")
        assert "24 h → 3 d would lift correction hits from" in said(at)
        assert "a month less for the LLM" in said(at)
        assert all(metric.value != "–" for metric in at.metric)

        next(button for button in at.button if button.label == "Keep this prediction").click().run()

        row = at.dataframe[-1].value.iloc[0]
        assert (row["change"], row["counted"]) == ("llm=72h, maxmemory 100 MB", "no mark of a change yet")
        add_mark(core.pool, Mark(datetime.now(UTC), "deploy", "llm 72h"))
        at.run()
        assert at.dataframe[-1].value.iloc[0]["counted"] == "too early to tell"


def test_values_from_a_link_are_refused_visibly(valkey_url: str, database_url: str) -> None:
    """What cannot be is said where it was typed; nothing silently becomes the default."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        trace_days(core, 150)
        for name, value in (
            ("ttl", "llm=-5h"),
            ("ttl", "nobody=5h"),
            ("ttl", "llm=100d"),
            ("maxmemory", "NaN"),
            ("maxmemory", "1kb"),
        ):
            assert "This scenario cannot be played" in said(opened(**{name: value})), value


def test_a_short_trace_is_refused_with_what_would_be_enough(valkey_url: str, database_url: str) -> None:
    """Twice the longest time to live that is compared."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        assert "No key read was traced yet" in said(opened())
        trace_days(core, 30, 1000)
        assert "a time to live of 3 days needs 6 days, twice the longest that is compared" in said(opened(ttl="llm=72h"))
