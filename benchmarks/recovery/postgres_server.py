"""A PostgreSQL that can be lost, by a failover to a real standby too."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from demo.children import DemoPart, spawn
from demo.embedded import account, postgres
from demo.embedded.ports import free_port

from .lost_server import ENV, OTHER_PASSWORD, PASSWORD, Server, wait_until
from .switch import Switch


class Postgres(Server):
    """The store."""

    def __init__(self, name: str, folder: Path, switch: Switch | None) -> None:
        self._account = account.choose([postgres.binaries(), folder.parent])
        super().__init__(name, folder, switch)

    @property
    def url(self) -> str:
        return postgres.url(self.address, PASSWORD)

    @property
    def own_url(self) -> str:
        """Past the switch."""
        return postgres.url(self.port, PASSWORD)

    def start(self) -> None:
        postgres.prepare(self.folder, PASSWORD, self._account, ENV)
        super().start()

    def part(self, port: int) -> DemoPart:
        made = postgres.part(self.folder, port=port, account=self._account, log=self._log, env=ENV)
        # The disk is not what is asked here; the log tells how many connections came.
        extra = ["-c", "log_connections=on", "-c", "fsync=off", "-c", "max_connections=100"]
        return DemoPart(**{**made.__dict__, "argv": [*made.argv, *extra]})

    def answers(self, port: int) -> bool:
        try:
            with psycopg.connect(postgres.url(port, PASSWORD, "postgres"), connect_timeout=1, autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'prosepolish'").fetchone():
                    connection.execute("CREATE DATABASE prosepolish")
                return connection.execute("SHOW transaction_read_only").fetchone() == ("off",)
        except psycopg.Error:
            return False

    def connections(self) -> int:
        if self.switch:
            return self.switch("count", self.name)
        return self._log.read_bytes().count(b"connection received")

    def mistrust(self) -> None:
        self._sql(
            f"ALTER USER prosepolish PASSWORD '{OTHER_PASSWORD}'",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'prosepolish'",
        )

    def trust(self) -> None:
        self._sql(f"ALTER USER prosepolish PASSWORD '{PASSWORD}'", password=OTHER_PASSWORD)

    def demote(self) -> None:
        was, self.old = self.port, self.child
        self.folder = self.folder.with_name(f"{self.folder.name}.{was}")
        copy = ["-h", "127.0.0.1", "-p", str(was), "-U", postgres.USER, "-D", str(self.folder), "-X", "stream", "-c", "fast", "-R"]
        self.folder.mkdir(mode=0o700)
        if self._account:
            os.chown(self.folder, *self._account.owner)
        argv = [str(postgres.binaries() / "pg_basebackup"), *copy]
        backup = spawn(DemoPart("pg_basebackup", argv, ENV | {"PGPASSWORD": PASSWORD}, Path("/"), self._log, account=self._account))
        if backup.process.wait():
            raise RuntimeError(backup.last_words())
        self.port = free_port()
        self.child = spawn(self.part(self.port))
        standby = postgres.url(self.port, PASSWORD)
        wait_until(lambda: _one(standby, "SELECT pg_is_in_recovery()") is True, "the standby does not start")
        primary = postgres.url(was, PASSWORD)
        _run(primary, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        wait_until(lambda: _one(primary, "SHOW transaction_read_only") == "on", "the old one still writes")
        written = _one(primary, "SELECT pg_current_wal_lsn()")
        wait_until(lambda: _one(standby, f"SELECT pg_last_wal_replay_lsn() >= '{written}'") is True, "the standby is behind")
        _run(standby, "SELECT pg_promote()")

    @property
    def _log(self) -> Path:
        return self.folder.with_suffix(".log")

    def _sql(self, *statements: str, password: str = PASSWORD) -> None:
        _run(postgres.url(self.port, password), *statements)


def _one(url: str, statement: str) -> Any:
    with psycopg.connect(url, connect_timeout=2, autocommit=True) as connection:
        row: Sequence[Any] | None = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None


def _run(url: str, *statements: str) -> None:
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
