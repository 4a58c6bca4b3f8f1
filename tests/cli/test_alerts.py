"""`prosepolish alerts`: what an operator types at night."""

import json
from datetime import UTC, datetime

import pytest

from prosepolish_core.cli.main import main
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import FiredAlert, Incident
from prosepolish_core.watch.alerts.alert_store import AlertStore
from prosepolish_core.watch.alerts.rules import RULES
from tests.support.http_server import Reply, scripted_server


@pytest.fixture
def incident(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An incident that goes on; its id."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    began = datetime(2026, 11, 20, 3, 19, tzinfo=UTC).timestamp()
    alert = FiredAlert("instance_down", (("instance", "cache"),), Level.CRITICAL, began, began + 30, None, 0.0)
    pool = PostgresPool(database_url, size=1, role="test")
    AlertStore(pool).keep([Incident("20261120T031900Z-cache", "cache", Level.CRITICAL, began, None, (alert,))])
    pool.close()
    return "20261120T031900Z-cache"


def test_list_tells_what_since_when_and_the_first_step(incident: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As text and as JSON."""
    assert main(["alerts", "list"]) == 0
    shown = capsys.readouterr().out
    for part in (incident, "Redis cache", "2026-11-20T03:19:00Z", "goes on", "prosepolish check"):
        assert part in shown
    assert main(["alerts", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["level"], row["ended"]) == (incident, "critical", None)


def test_an_incident_is_acknowledged_with_a_note(incident: str, database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One that does not exist is wrong usage."""
    assert main(["alerts", "ack", incident, "--by", "ann", "--note", "on it"]) == 0
    assert main(["alerts", "note", "none", "text", "--by", "ann"]) == 2
    assert "no incident of this id" in capsys.readouterr().err
    pool = PostgresPool(database_url, size=1, role="test")
    (note,) = AlertStore(pool).notes(incident)
    pool.close()
    assert (note.author, note.kind, note.body) == ("ann", "acknowledged", "on it")


@pytest.mark.usefixtures("incident")
def test_a_silence_is_made_listed_and_ended(capsys: pytest.CaptureFixture[str]) -> None:
    """By its number."""
    assert main(["alerts", "silence", "--hours", "2", "--reason", "new disk", "--rule", "instance_down", "--by", "ann"]) == 0
    assert main(["alerts", "silences"]) == 0
    assert "instance_down  by ann: new disk" in capsys.readouterr().out
    assert main(["alerts", "silences", "1"]) == 0
    assert main(["alerts", "silences", "1"]) == 2
    assert main(["alerts", "silence", "--hours", "2", "--reason", "x", "--rule", "nothing"]) == 2


def test_every_rule_is_listed_with_its_levels(capsys: pytest.CaptureFixture[str]) -> None:
    """Without asking any server."""
    assert main(["alerts", "list", "--rules", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == sum(len(rule.thresholds) for rule in RULES)
    (full,) = (row for row in rows if row["rule"] == "memory_full" and row["level"] == "warning")
    assert (full["fires"], full["clears_at"]) == ("above 80.0 % for 5 min", "75.0 %")


def test_a_test_message_reaches_the_receiver_or_says_why_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 and the reason when it does not; wrong usage when nobody is named."""
    assert main(["alerts", "test"]) == 2
    with scripted_server(Reply(204), Reply(500)) as receiver:
        monkeypatch.setenv("PROSEPOLISH_ALERT_WEBHOOK_URL", receiver.url)
        assert main(["alerts", "test"]) == 0
        assert receiver.requests[0].json()["kind"] == "test"
        assert main(["alerts", "test"]) == 1
    assert "webhook: the address answered 500" in capsys.readouterr().out
