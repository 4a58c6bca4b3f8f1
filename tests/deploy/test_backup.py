"""Backup and restore as docs/deploy.md says: a dump of PostgreSQL brings everything back, into an empty database."""

import subprocess
from datetime import UTC, datetime

import psycopg
import pytest
import redis
from psycopg.sql import SQL, Identifier

from demo.embedded.postgres import binaries
from prosepolish_core import Config, Core
from prosepolish_core.watch.schema.migrate import migrate
from tests.dashboard.stack import collect, installed

pytestmark = pytest.mark.live
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1"


def rows(url: str) -> dict[str, int]:
    """How many rows each table has."""
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute(TABLES)]
        counts = {}
        for name in names:
            found = connection.execute(SQL("SELECT count(*) FROM {}").format(Identifier(name))).fetchone()
            counts[name] = found[0] if found else 0
    return counts


def test_a_dump_restored_elsewhere_is_the_same_store(valkey_url: str, database_url: str) -> None:
    """Sessions, samples, audit rows and the schema's journal; the program goes on with it, and the rows still stay."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        token = core.sessions.create("ann", device="laptop").token or ""
        core.audit.add("ann", "operator", "note", "x")
        collect(core)
    dumped = subprocess.run([str(binaries() / "pg_dump"), "-Fc", "-d", database_url], capture_output=True, check=True, timeout=120)
    before, name = rows(database_url), f"restored_{datetime.now(UTC):%H%M%S%f}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        there = f"dbname={name}"
        restored = psycopg.conninfo.make_conninfo(database_url, dbname=name)
    words = [str(binaries() / "pg_restore"), "--exit-on-error", "-d", restored]
    done = subprocess.run(words, input=dumped.stdout, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, (there, done.stderr)
    assert rows(restored) == before
    assert before["audit"] == 1
    assert migrate(restored) == []
    url = database_url.replace(f"/{psycopg.conninfo.conninfo_to_dict(database_url)['dbname']}", f"/{name}", 1)
    with redis.Redis.from_url(valkey_url) as lost:  # the other servers are new ones too
        lost.flushall()
    with Core.open(Config.from_env({"REDIS_URL": valkey_url, "DATABASE_URL": url})) as core:
        assert core.sessions.verify(token).user_id == "ann"
        assert [row.actor for row in core.audit.newest()] == ["ann"]
    with psycopg.connect(restored, autocommit=True) as owner, pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("DELETE FROM audit")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
