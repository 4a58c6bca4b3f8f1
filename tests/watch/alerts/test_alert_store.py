"""watch/alerts/alert_store.py on a real PostgreSQL: incidents, notes, silences."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import FiredAlert, Incident
from prosepolish_core.model.window import Window
from prosepolish_core.watch.alerts.alert_store import AlertStore
from prosepolish_core.watch.alerts.rules import BY_NAME

pytestmark = pytest.mark.live
T = 1_800_000_000.0
CACHE = (("instance", "cache"),)
ALERT = FiredAlert("instance_down", CACHE, Level.CRITICAL, T, T + 30, None, 0.0, 0.0)
DOWN = Incident("20270115T080000Z-cache", "cache", Level.CRITICAL, T, None, (ALERT,))


@pytest.fixture
def store(database_url: str) -> Iterator[AlertStore]:
    """A store on an empty schema."""
    pool = PostgresPool(database_url, size=2, role="test")
    yield AlertStore(pool)
    pool.close()


def window(first: float, last: float) -> Window:
    """Seconds after T."""
    return Window(datetime.fromtimestamp(T + first, UTC), datetime.fromtimestamp(T + last, UTC))


def test_an_incident_is_read_back_as_it_was_written_and_written_twice_is_one(store: AlertStore) -> None:
    """Its alerts, labels and instants too; a later state replaces an earlier one."""
    store.keep([DOWN])
    store.keep([DOWN])
    assert store.open_incidents() == [DOWN]
    over = replace(DOWN, ended=T + 90, alerts=(replace(ALERT, resolved_at=T + 90, value=1.0),))
    store.keep([over])

    assert store.open_incidents() == []
    assert store.incident(DOWN.id) == over


def test_a_window_has_every_incident_that_went_on_in_it(store: AlertStore) -> None:
    """Also one that began before it and one that has not ended."""
    ended = Incident("a", "redis", Level.WARNING, T, T + 60)
    goes_on = Incident("b", "gemini", Level.WARNING, T + 500)
    store.keep([ended, goes_on])

    assert [i.id for i in store.incidents(window(30, 40))] == ["a"]
    assert [i.id for i in store.incidents(window(61, 400))] == []
    assert [i.id for i in store.incidents(window(50, 9000))] == ["b", "a"]


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "'; DROP TABLE incident; --", "![x](//host/p.png)"])
def test_any_text_of_a_person_is_kept_as_text(store: AlertStore, text: str) -> None:
    """What PostgreSQL cannot store is replaced, nothing is executed."""
    store.keep([DOWN])
    store.add_note(DOWN.id, "ann", f"{text} seen")
    store.add_note(DOWN.id, "bob", "", acknowledge=True)

    notes = store.notes(DOWN.id)
    assert [(n.author, n.kind) for n in notes] == [("ann", "note"), ("bob", "acknowledged")]
    assert notes[0].body.endswith(" seen")


def test_a_note_needs_an_incident_a_name_and_a_text(store: AlertStore) -> None:
    """One sentence says what is missing."""
    for incident, author, body in ((DOWN.id, "ann", "x"), ("none", "ann", "x"), (DOWN.id, " ", "x"), (DOWN.id, "ann", " ")):
        with pytest.raises(InvalidInput):
            store.add_note(incident, author, body)


def test_a_silence_covers_its_rule_and_scope_until_it_ends(store: AlertStore) -> None:
    """And not a moment longer; it can be ended before."""
    number = store.silence("ann", "new disk", datetime.now(UTC) + timedelta(hours=1), "instance_down", "cache")
    (silence,) = store.silences()
    now = datetime.now(UTC)
    state = FiredAlert("instance_down", (("instance", "state"),), Level.CRITICAL, T, T)

    assert silence.covers(BY_NAME["instance_down"], ALERT, now)
    assert not silence.covers(BY_NAME["instance_down"], ALERT, now + timedelta(hours=2))
    assert not silence.covers(BY_NAME["memory_full"], ALERT, now)
    assert not silence.covers(BY_NAME["instance_down"], state, now)
    assert store.end_silence(number)
    assert not store.end_silence(number)
    assert store.silences() == []


@pytest.mark.parametrize(("author", "reason", "hours"), [("", "x", 1), ("ann", " ", 1), ("ann", "x", 0), ("ann", "x", 24 * 40)])
def test_a_silence_needs_a_name_a_reason_and_an_end(store: AlertStore, author: str, reason: str, hours: int) -> None:
    """For ever is not a time."""
    with pytest.raises(InvalidInput):
        store.silence(author, reason, datetime.now(UTC) + timedelta(hours=hours))


def test_how_each_channel_goes_is_kept(store: AlertStore) -> None:
    """The newest failure, and when it last worked."""
    store.note_channels({"webhook": "", "apprise": "no reply"}, 2)
    store.note_channels({"webhook": "the address answered 503"}, 3)
    apprise, webhook = store.channels()

    assert (apprise.told_at, apprise.failure, apprise.waiting) == (None, "no reply", 2)
    assert webhook.told_at is not None
    assert (webhook.failure, webhook.waiting) == ("the address answered 503", 3)
