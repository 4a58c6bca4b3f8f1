"""PostgreSQL's own health, replication included, on real servers: a primary and a streaming standby."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from collectors import postgres_stats
from collectors.reading import Database, ScheduledRead, read_once
from demo.embedded.postgres import binaries
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Run, RunOutcome
from tests.support.redis_groups import until

pytestmark = pytest.mark.live
ENTRY: ScheduledRead[Database] = ScheduledRead(postgres_stats.NAME, "", postgres_stats.read)
SLOT = "pp_standby"


def read(url: str) -> Run:
    """One reading of this server."""
    pool = PostgresPool(url, size=1, role="test")
    try:
        return read_once(ENTRY, Database("postgres", pool), 1)
    finally:
        pool.close()


def values(run: Run) -> dict[tuple[str, str], float]:
    """Values by name and their one label's value."""
    return {(s.metric, next((v for _, v in s.labels), "")): s.value for s in run.samples}


@pytest.fixture
def standby_url(postgres_server: str) -> Iterator[str]:
    """A streaming standby of this test process's server."""
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("a standby is made of the embedded server's own version")
    root = Path(tempfile.mkdtemp(prefix="pp-standby-"))
    root.chmod(0o777)
    data = root / "data"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        assert row is not None
        owner = Path(row[0]).stat().st_uid
        as_owner: dict[str, Any] = {"user": owner, "group": pwd.getpwuid(owner).pw_gid} if owner != os.getuid() else {}
        copy: list[str | Path] = [
            binaries() / "pg_basebackup",
            "-d",
            postgres_server,
            "-D",
            data,
            "-R",
            "-C",
            "-S",
            SLOT,
            "-c",
            "fast",
        ]
        subprocess.run(copy, check=True, capture_output=True, cwd=root, **as_owner)
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
        command: list[str | Path] = [binaries() / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", str(root)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=root, **as_owner)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
            process.wait(20)
            until(lambda: not connection.execute("SELECT FROM pg_replication_slots WHERE active").fetchall())
            connection.execute("SELECT pg_drop_replication_slot(%s)", (SLOT,))
            shutil.rmtree(root, ignore_errors=True)


def test_a_lone_server_tells_its_health_and_no_replication(database_url: str) -> None:
    """Sizes, connections, cache hits and tables are there; of replication only that there is none."""
    found = values(read(database_url))
    assert found["postgres_database_size", ""] > 1_000_000
    assert found["postgres_blks_hit", ""] > 0
    assert found["postgres_table_size", "sample_series"] > 0
    assert sum(value for (metric, _), value in found.items() if metric == "postgres_connections") >= 1
    assert (found["postgres_replicas", ""], found["postgres_in_recovery", ""]) == (0.0, 0.0)
    assert not [metric for metric, _ in found if metric.startswith(("postgres_standby", "postgres_slot", "postgres_replay"))]


def reached(url: str) -> bool:
    """Whether the server answers."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_server_that_reads_and_takes_no_writes_says_so(database_url: str) -> None:
    """1 while it takes them; of a user without rights nothing is said, as that is no fault of the server."""
    assert values(read(database_url))["postgres_writable", ""] == 1.0
    with psycopg.connect(database_url, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        assert values(read(database_url))["postgres_writable", ""] == 0.0
        owner.execute("SET default_transaction_read_only = off")
        owner.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        owner.execute("ALTER TABLE collector_probe RENAME TO elsewhere")
    assert ("postgres_writable", "") not in values(read(database_url))


def test_a_standby_is_seen_from_both_ends(database_url: str, standby_url: str) -> None:
    """The primary tells the standby's lag in bytes and what its slot keeps;
    the standby that it receives and how far it is behind.
    """
    standby_url = urlsplit(standby_url)._replace(path=urlsplit(database_url).path).geturl()
    until(lambda: reached(standby_url))
    until(lambda: values(read(database_url)).get(("postgres_replicas", "")) == 1.0)
    run = read(standby_url)
    assert run.outcome is RunOutcome.OK
    until(lambda: values(read(standby_url))["postgres_receiving", ""] == 1.0)
    until(lambda: values(read(standby_url))["postgres_replay_behind_bytes", ""] == 0.0)
    behind = values(read(standby_url))
    assert (behind["postgres_in_recovery", ""], behind["postgres_replay_behind_seconds", ""]) == (1.0, 0.0)
    with psycopg.connect(standby_url, autocommit=True) as standby, psycopg.connect(database_url, autocommit=True) as primary:
        standby.execute("SELECT pg_wal_replay_pause()")
        primary.execute("CREATE TABLE lagging AS SELECT generate_series(1, 50000) AS n")
        primary.execute("DROP TABLE lagging")
        until(lambda: lag(database_url) > 1_000_000)
        until(lambda: values(read(standby_url))["postgres_replay_behind_bytes", ""] > 1_000_000)
        found = values(read(database_url))
        assert found["postgres_slot_active", SLOT] == 1.0
        standby.execute("SELECT pg_wal_replay_resume()")
        until(lambda: lag(database_url) < 1_000_000)


def lag(url: str) -> float:
    """The standby's lag as its primary tells it."""
    return next(value for (metric, _), value in values(read(url)).items() if metric == "postgres_standby_lag_bytes")
