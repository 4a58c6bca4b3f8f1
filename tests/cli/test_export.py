"""`prosepolish export`, and that the rights it prints are enough for the collectors and for nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from click.testing import CliRunner
from redis.exceptions import NoPermissionError

from collectors.reading import Instance, read_once
from collectors.schedule import REDIS
from prosepolish_core.adapters.redis_observer import Observer
from prosepolish_core.cli.export import export
from prosepolish_core.model.sample import RunOutcome

USER = "watcher"


def printed(*arguments: str) -> str:
    """What the verb prints."""
    done = CliRunner().invoke(export, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def limited_url(valkey_url: str) -> Iterator[str]:
    """The real Valkey as the exported user; the user is gone afterwards."""
    line = json.loads(printed("acl", "--server", "valkey-8.1", "--user", USER, "--json"))["valkey-8.1"]
    with redis.Redis.from_url(valkey_url) as client:
        client.set("dict:eloquent", "x" * 100)
        client.execute_command(*line.replace("PASSWORD", "right").split())
        yield valkey_url.replace("redis://", f"redis://{USER}:right@")
        client.acl_deluser(USER)


@pytest.mark.live
@pytest.mark.parametrize("entry", REDIS, ids=lambda entry: entry.name)
def test_every_collector_works_under_the_printed_rules(limited_url: str, entry: object) -> None:
    """No collector is refused anything."""
    instance = Instance("cache", Observer(limited_url))
    run = read_once(entry, instance, 1)  # type: ignore[type-var]
    assert (run.outcome, run.detail) == (RunOutcome.OK, "")
    assert not instance.observer.refusals
    instance.observer.close()


@pytest.mark.live
@pytest.mark.parametrize(
    "command",
    [
        "GET dict:eloquent",
        "SET a b",
        "DEL dict:eloquent",
        "CONFIG SET maxmemory 1",
        "MONITOR",
        "FLUSHALL",
        "SLOWLOG RESET",
        "CLIENT KILL ID 1",
        "EVAL return 0",
        "SUBSCRIBE x",
        "KEYS *",
        "ACL LIST",
    ],
)
def test_nothing_else_is_allowed(limited_url: str, command: str) -> None:
    """The user can neither read nor change a value, nor disturb anyone."""
    with redis.Redis.from_url(limited_url, protocol=2, driver_info=None) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command.split())


@pytest.mark.live
def test_a_collector_with_only_the_printed_grants_stores_its_samples(valkey_url: str, database_url: str, tmp_path: Path) -> None:
    """The role writes samples (the day's partition included) and can touch no other table."""
    role = f"limited_{os.getpid()}"
    statements = [
        s.split("--")[0].strip().replace("prosepolish_collectors", role)
        for s in json.loads(printed("grants", "--json"))["collectors"]
    ]
    with psycopg.connect(database_url, autocommit=True) as owner:
        for statement in filter(None, statements):
            owner.execute(statement)
        owner.execute(f"ALTER ROLE {role} PASSWORD 'right'")
    try:
        parts = urlsplit(database_url)
        host = parts.netloc.rpartition("@")[2]
        limited = parts._replace(netloc=f"{role}:right@{host}").geturl()
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("REDIS", "DATABASE", "PROSEPOLISH"))}
        env = {**plain, "REDIS_URL": valkey_url, "DATABASE_URL": limited, "PROSEPOLISH_DATA_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "collectors", "--once", "--json"], env=env, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        with psycopg.connect(limited) as connection:
            stored = connection.execute("SELECT count(*) FROM sample_run WHERE outcome = 'o'").fetchone()
            assert stored is not None
            assert stored[0] >= 8
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT * FROM dictionary_words")
    finally:
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute(f"DROP OWNED BY {role}")
            owner.execute(f"DROP ROLE {role}")


def test_every_dialect_is_printed_with_the_command_to_type() -> None:
    """Three kinds of servers, each with its exact line; listening is only allowed when asked for."""
    text = printed("acl")
    assert text.count("ACL SETUSER prosepolish-collector on >PASSWORD resetkeys resetchannels -@all") == 3
    assert "subscribe" not in text
    assert "&__keyevent@*__:*" in printed("acl", "--attribution")
    assert "commandlog" not in json.loads(printed("acl", "--json"))["redis-7"]


def test_a_user_name_cannot_smuggle_rules() -> None:
    """A name with a space is wrong usage."""
    assert CliRunner().invoke(export, ["acl", "--user", "x +@all"]).exit_code == 2


def test_readers_only_read() -> None:
    """The role for people gets SELECT on the views and nothing else."""
    rights = [s for s in json.loads(printed("grants", "--json"))["reader"] if s.startswith("GRANT") and "USAGE" not in s]
    assert all(s.startswith("GRANT SELECT ON samples") for s in rights)
    assert len(rights) == 1
