"""The Incidents page in each of its states: nothing yet, no store, one that goes on, one that is over."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from prosepolish_core import Core
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import FiredAlert, Incident, IncidentEvent
from tests.dashboard.stack import installed
from tests.pages.test_pages import open_page, said

pytestmark = pytest.mark.live
PAGE = "incidents.py"
LABELS = (("instance", "cache"),)


@pytest.fixture
def core(valkey_url: str, database_url: str) -> Iterator[Core]:
    """The page's own, on real servers."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as found:
        yield found


def incident(ago_s: float, lasted_s: float | None = None, rule: str = "cache_flushed") -> Incident:
    """One that began so long ago; without a length it goes on."""
    began = datetime.now(UTC).timestamp() - ago_s
    ended = None if lasted_s is None else began + lasted_s
    alert = FiredAlert(rule, LABELS, Level.WARNING, began, began + 5, ended, 1.0, 1.0)
    events = (IncidentEvent(began + 5, "fired", rule, LABELS, Level.WARNING, 1.0),)
    return Incident(f"{began:.0f}-cache", "cache", Level.WARNING, began, ended, (alert,), events=events)


def first_line(at: AppTest) -> str:
    """What stands above everything."""
    return str(at.markdown[0].value)


def test_without_incidents_the_page_says_who_looks_and_that_nobody_is_told(core: Core) -> None:
    """No empty table; the setting that names a channel stands there."""
    at = open_page(PAGE)

    assert not at.exception
    assert "No incident in the last 90 days." in said(at)
    assert "PROSEPOLISH_ALERT_URLS" in said(at)


def test_without_a_store_the_page_says_so(valkey_url: str) -> None:
    """And not that there was none."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL="postgresql://127.0.0.1:9/nowhere"):
        at = open_page(PAGE)

        assert not at.exception
        assert any("The store does not answer" in error.value for error in at.error)
        assert "No incident" not in said(at)


def test_one_that_goes_on_stands_first_and_in_the_first_line(core: Core) -> None:
    """With what it is, since when, and who takes it; the first line does not say that all is well."""
    going = incident(300)
    core.alerts.keep([going, incident(90_000, 600)])
    core.alerts.add_note(going.id, "Ada", "", acknowledge=True)
    at = open_page(PAGE)
    text = said(at)
    headings = [heading.value for heading in at.subheader]

    assert not at.exception
    assert headings == ["What goes on now?", "What is over?"]
    assert "taken by Ada" in text
    assert "All well" not in first_line(at)
    assert "Flush of cache: FLUSHALL or FLUSHDB removed every key" in first_line(at)
    assert f"incidents?incident={going.id}" in first_line(at)


def test_one_that_is_over_says_how_long_it_lasted_and_leaves_the_first_line(core: Core) -> None:
    """And that nothing goes on now."""
    core.alerts.keep([incident(7200, 600)])
    at = open_page(PAGE)

    assert "**Nothing.**" in said(at)
    assert "over after 10 min" in said(at).replace("\N{THIN SPACE}", " ")
    assert "Flush" not in first_line(at)


def test_what_the_standings_tell_is_not_told_twice(core: Core) -> None:
    """A server that is down is told by its standing, and is over with it: its incident ends some seconds later."""
    core.alerts.keep([incident(300, rule="instance_down")])

    assert "goes on" not in first_line(open_page(PAGE))
    assert core.health().incidents == ()


@pytest.mark.parametrize("lasted_s", [None, 600.0], ids=["goes on", "over"])
def test_the_page_of_one_incident_shows_its_course(core: Core, lasted_s: float | None) -> None:
    """By its own address; notes and its file with it."""
    found = incident(3600, lasted_s)
    core.alerts.keep([found])
    core.alerts.add_note(found.id, "Ada", "I pressed the wrong key.")
    at = open_page("overview.py", incident=found.id).switch_page(PAGE).run()

    assert not at.exception
    assert ("goes on" if lasted_s is None else "over") in said(at)
    assert "What happened?" in said(at)
    assert "I pressed the wrong key" in said(at)


def test_an_address_of_no_incident_says_so(core: Core) -> None:
    """With the command that lists them."""
    at = open_page("overview.py", incident="20260101T000000Z-nothing").switch_page(PAGE).run()

    assert not at.exception
    assert "There is no incident of this id." in said(at)
