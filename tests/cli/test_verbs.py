"""The verbs on real servers: what they print, and their exit codes."""

import json
import threading

import psycopg
import pytest
import redis

from prosepolish_core.cli.main import main
from tests.support.postgres_relay import Relay
from tests.support.waiting import PATIENT

pytestmark = pytest.mark.live
ENTRY = {
    "word": "eloquent",
    "meanings": [{"part_of_speech": "adjective", "definitions": [{"definition": "Fluent in speaking."}] * 5}],
}


@pytest.fixture
def stack(valkey_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of a stack without upstreams; gives the database's address."""
    for name, value in {
        "REDIS_URL": valkey_url,
        "DATABASE_URL": database_url,
        "DICTIONARY_API_URL": "http://127.0.0.1:1",
        "GEMINI_API_ENDPOINT": "http://127.0.0.1:1",
        "PROSEPOLISH_FLUSH_S": "300",
        **PATIENT,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    return database_url


def keep(database_url: str) -> None:
    """One word that PostgreSQL knows."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO dictionary_words (word, entry, source) VALUES ('eloquent', %s, 'dictionary_api')", (json.dumps(ENTRY),)
        )


def test_lookup_shows_which_tier_answered(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    """First PostgreSQL, then Redis; the trace tells each tier's time."""
    keep(stack)
    assert main(["lookup", "Eloquent"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("eloquent · answered by postgres (hit) · $0")
    assert "adjective: Fluent in speaking." in first
    assert "… and 2 more" in first
    assert main(["lookup", "eloquent", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["tier"], found["outcome"], found["cost_usd"]) == ("redis", "hit", "0")
    assert [step["tier"] for step in found["trace"]] == ["redis"]
    assert found["entry"]["word"] == "eloquent"


def test_a_lookup_is_counted_even_by_a_process_that_ends_at_once(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command flushes its counts when it closes."""
    keep(stack)
    main(["lookup", "eloquent"])
    capsys.readouterr()
    with psycopg.connect(stack) as connection:
        rows = connection.execute("SELECT tier, outcome, answers FROM telemetry_lookup WHERE step = 10 ORDER BY tier").fetchall()
    assert rows == [("postgres", "hit", 1), ("redis", "miss", 0)]


def test_a_word_no_tier_can_answer_is_1_and_a_bad_one_2(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Upstreams are away: one sentence, exit code 1. A word that cannot be one: exit code 2."""
    assert main(["lookup", "unheard"]) == 1
    assert capsys.readouterr().err.startswith("Error: no tier could answer")
    assert main(["lookup", ""]) == 2
    assert "empty" in capsys.readouterr().err


def test_a_correction_that_cannot_be_made_gives_the_text_back(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a model the text comes out unchanged on stdout, the reason on stderr, and the exit code is 1."""
    assert main(["correct", "Teh text."]) == 1
    shown = capsys.readouterr()
    assert shown.out == "Teh text.\n"
    assert shown.err.startswith("not corrected: ")
    assert main(["correct", "Teh text.", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["changed"] is False


def test_check_tells_every_dependency_and_is_0_only_when_none_is_down(
    stack: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence for each fault, worst first, then one line a dependency. An upstream that is away counts too."""
    assert main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Dictionary API down as of now: ")
    assert [line.split()[1] for line in lines[-6:]] == ["redis", "state", "postgres", "dictionary_api", "gemini", "collectors"]
    assert [line.split()[0] for line in lines[-6:]] == ["up", "degraded", "up", "down", "degraded", "unknown"]
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert main(["check", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["state"], found["ready"]) == ("degraded", True)
    assert {d["name"]: d["state"] for d in found["dependencies"]}["redis"] == "down"
    assert found["sentence"].startswith("Redis (cache) down as of now: ")


def test_migrate_twice_is_done_and_then_nothing(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first run applies the files, the second says that nothing is missing."""
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    assert main(["migrate", "--json"]) == 0
    assert "0002_telemetry.sql" in json.loads(capsys.readouterr().out)["applied"]
    assert main(["migrate"]) == 0
    assert capsys.readouterr().out == "The schema is up to date.\n"


def test_mark_draws_a_line(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The mark is in the store with its text and kind."""
    assert main(["mark", "v1.4"]) == 0
    assert "v1.4" in capsys.readouterr().out
    assert main(["mark", "look here", "--kind", "note", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "note"
    with psycopg.connect(stack) as connection:
        assert connection.execute("SELECT kind, text FROM mark ORDER BY text").fetchall() == [
            ("note", "look here"),
            ("deploy", "v1.4"),
        ]


def test_clear_says_what_it_would_do_and_then_does_it(stack: str, valkey_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run removes nothing; a family is accepted, a pattern is not; sessions are not removed unasked."""
    with redis.Redis.from_url(valkey_url) as client:
        for key in ("llm:correct:a", "llm:correct:b", "dict:a", "session:a"):
            client.set(key, "x")
        assert main(["clear", "llm", "--dry-run"]) == 0
        assert capsys.readouterr().out == "Would remove 2 keys of the family 'llm'.\n"
        assert client.dbsize() == 4
        assert main(["clear", "llm", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["removed"] == 2
        assert main(["clear", "dict:*"]) == 2
        assert main(["clear", "session"]) == 1
        assert client.exists("session:a")
        assert main(["clear", "session", "--yes"]) == 0
        assert [key for key in client.scan_iter() if not key.startswith(b"dict:")] == []


@pytest.mark.parametrize("verb", [["migrate", "--wait", "0"], ["mark", "v1"], ["estimate", "--measured", "1h"]])
def test_without_postgres_a_verb_that_needs_it_says_what_to_check(
    verb: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 and one sentence with the fix; no password."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hush@127.0.0.1:1/x")
    assert main(verb) == 1
    told = capsys.readouterr().err
    assert "check DATABASE_URL and that the server runs" in told
    assert told.count("\n") == 1
    assert "hush" not in told


def test_migrate_waits_for_a_postgres_that_starts_later(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it waits for is told once; when the server answers, the schema is applied."""
    way = Relay(empty_database_url, listening=False)
    monkeypatch.setenv("DATABASE_URL", way.url)
    threading.Timer(1.5, way.listen).start()
    assert main(["migrate", "--wait", "20"]) == 0
    way.close()
    told = capsys.readouterr()
    assert told.err.count("Waiting up to 20 s: PostgreSQL does not answer; check DATABASE_URL") == 1
    assert told.out.startswith("Applied 0001_samples.sql, ")


def test_migrate_gives_up_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The last line says what was wrong and how long it was tried."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hush@127.0.0.1:1/x")
    assert main(["migrate", "--wait", "1.2"]) == 1
    told = capsys.readouterr().err
    assert told.splitlines()[-1].endswith("(given up after 1.2 s)")
    assert "hush" not in told


def test_a_postgres_that_refuses_us_is_not_called_silent(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It answers, and does not know the database: the fix is in the address, not in a start."""
    monkeypatch.setenv("DATABASE_URL", database_url.replace("/t", "/hush", 1))
    assert main(["migrate", "--wait", "0"]) == 1
    told = capsys.readouterr().err
    assert "PostgreSQL has no such database; create it, or check the name in DATABASE_URL" in told
    assert "hush" not in told
