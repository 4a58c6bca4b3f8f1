"""The printed PostgreSQL roles: secrets planted in every table, setting and running query,
and a search through all that can be read.
"""

import os
import threading
import time
from collections.abc import Iterator
from secrets import token_hex
from typing import NamedTuple

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from prosepolish_core.watch.series.grants import collector_grants, reader_grants

pytestmark = pytest.mark.live
#: Where the collectors and readers have business: no text of a user, no secret and no word of a lookup is in any of
#: them.
OWN = (
    *("sample", "collector_runs", "mark", "slow_command", "incident", "alert_channel", "alert_standing", "silence", "standing"),
    *("telemetry_lookup", "paid_calls", "collector_probe", "simulated_span"),
)


class Planted(NamedTuple):
    """The database, the canary, and the roles by name."""

    url: str
    canary: str
    roles: dict[str, str]


@pytest.fixture
def planted(database_url: str) -> Iterator[Planted]:
    """Users' texts, session secrets, words, a password,
    a replication password and a running query that all hold the canary.
    """
    canary = f"canary{token_hex(8)}"
    roles = {name: f"{name}_{os.getpid()}" for name in ("collectors", "reader")}
    statements = [*collector_grants(roles["collectors"]), *reader_grants(roles["reader"])]
    running = psycopg.connect(database_url, autocommit=True)
    with psycopg.connect(database_url, autocommit=True) as owner:
        for statement in filter(None, (s.split("--")[0].strip() for s in statements)):
            owner.execute(statement)
        for role in roles.values():
            owner.execute(f"ALTER ROLE {role} PASSWORD 'right'")
        _fill(owner, canary)
        before = owner.execute("SHOW primary_conninfo").fetchone()
        owner.execute(f"ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 password={canary}'")
        owner.execute("SELECT pg_reload_conf()")
        query = f"SELECT pg_sleep(60) /* ALTER ROLE x PASSWORD '{canary}' */"
        thread = threading.Thread(target=_run, args=(running, query), daemon=True)
        thread.start()
        while not owner.execute("SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'").fetchall():
            time.sleep(0.02)
        yield Planted(database_url, canary, roles)
        running.cancel()
        thread.join(5)
        running.close()
        assert before == ("",)
        owner.execute("ALTER SYSTEM RESET primary_conninfo")
        owner.execute("SELECT pg_reload_conf()")
        for role in roles.values():
            owner.execute(f"DROP OWNED BY {role}")
            owner.execute(f"DROP ROLE {role}")


def _run(connection: psycopg.Connection, query: str) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(query)


def _fill(owner: psycopg.Connection, canary: str) -> None:
    """One row with the canary in every table that is not the collectors' own,
    in whatever columns take text, JSON or bytes.
    """
    owner.execute("INSERT INTO user_profile (user_id, data) VALUES ('u', jsonb_build_object('text', %s::text))", (canary,))
    owner.execute("INSERT INTO user_settings (user_id, data) VALUES ('u', jsonb_build_object('text', %s::text))", (canary,))
    owner.execute("INSERT INTO dictionary_words (word, source) VALUES (%s, %s)", (canary, canary))
    owner.execute("INSERT INTO session_secret VALUES (1, %s)", (canary.encode().ljust(32, b"."),))
    owner.execute("INSERT INTO session_generation VALUES (%s, 1)", (canary,))
    owner.execute(
        "INSERT INTO session_family (family, user_id, tag, device, generation, current_hash, expires_at)"
        " VALUES ('\\x00', %s, %s, %s, 1, %s, now())",
        (canary,) * 4,
    )
    owner.execute("INSERT INTO session_change (tag, dead_hash) VALUES (%s, %s)", (canary, canary))
    owner.execute(
        "INSERT INTO llm_ledger (ts, kind, task, model, price_date, calls, prompt, cached, output, thoughts, duration_s)"
        " VALUES (now(), %s, 't', 'm', 'p', 1, 1, 1, 1, 1, 1)",
        (canary,),
    )


def readable(url: str, role: str) -> tuple[dict[str, str], list[str]]:
    """All that the role can read: every relation of every schema and every setting, as text;
    and what was refused to it.
    """
    found: dict[str, str] = {}
    refused: list[str] = []
    with psycopg.connect(url, autocommit=True) as owner:
        relations = owner.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p', 'f')").fetchall()
    with psycopg.connect(url, user=role, password="right", autocommit=True) as limited:
        limited.execute("SET statement_timeout = '5s'")
        for (name,) in relations:
            table = SQL(".").join(map(Identifier, name.replace('"', "").split(".")))
            try:
                rows = limited.execute(SQL("SELECT t::text FROM {} t LIMIT 5000").format(table)).fetchall()
            except psycopg.Error:
                refused.append(name)
            else:
                found[name] = "\n".join(str(row[0]) for row in rows)
        found["SHOW ALL"] = str(limited.execute("SHOW ALL").fetchall())
    return found, refused


def holding(texts: dict[str, str], canary: str) -> list[str]:
    """Where the canary is, as it was written or in hexadecimal."""
    return sorted(name for name, text in texts.items() if canary in text or canary.encode().hex() in text)


@pytest.mark.parametrize("role", ["collectors", "reader"])
def test_no_relation_and_no_setting_shows_a_secret_under_the_printed_grants(planted: Planted, role: str) -> None:
    """Neither texts of users nor sessions, words, passwords or queries of others;
    every table of ours but samples, incidents and counts is refused.
    """
    found, refused = readable(planted.url, planted.roles[role])
    assert holding(found, planted.canary) == []
    with psycopg.connect(planted.url, autocommit=True) as owner:
        rows = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace"
        )
        others = {name for (name,) in rows if not name.startswith(OWN)}
    assert len(others) > 10
    assert others <= set(refused)


def test_the_search_finds_what_pg_monitor_would_show(planted: Planted) -> None:
    """The role that pg_monitor was left out for: texts of queries, and the password of replication."""
    with psycopg.connect(planted.url, autocommit=True) as owner:
        owner.execute(f"GRANT pg_monitor TO {planted.roles['collectors']}")
        owner.execute(f"GRANT SELECT ON user_profile, session_secret TO {planted.roles['collectors']}")
    found, _ = readable(planted.url, planted.roles["collectors"])
    assert {"SHOW ALL", "pg_settings", "pg_stat_activity", "user_profile", "session_secret"} <= set(holding(found, planted.canary))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE user_profile SET data = '{}'",
        "DELETE FROM session_family",
        "CREATE TABLE mine (n int)",
        "CREATE FUNCTION now(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE sample_run ADD COLUMN n int",
        "DROP TABLE mark",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user AND usename IS NOT NULL",
        "SELECT * FROM pg_authid",
    ],
)
def test_the_collectors_role_can_do_nothing_else(planted: Planted, statement: str) -> None:
    """It changes nothing of others, makes nothing in the schema and reaches nothing outside."""
    with (
        psycopg.connect(planted.url, user=planted.roles["collectors"], password="right", autocommit=True) as limited,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        limited.execute(statement)


def test_sessions_are_counted_for_the_role_that_cannot_see_them(planted: Planted) -> None:
    """The functions of the schema tell how many sessions run, and for how long; not what."""
    with psycopg.connect(planted.url, user=planted.roles["collectors"], password="right", autocommit=True) as limited:
        states = dict(limited.execute("SELECT state, connections FROM server_connections()").fetchall())
        assert states["active"] >= 2
        assert limited.execute("SELECT server_longest_transaction() > 0").fetchone() == (True,)
    with (
        psycopg.connect(planted.url, user=planted.roles["reader"], password="right", autocommit=True) as other,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        other.execute("SELECT * FROM server_connections()")
