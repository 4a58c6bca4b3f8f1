"""The embedded PostgreSQL."""

import os
import signal
from pathlib import Path

import psutil
import psycopg
import pytest

from demo.children import Child, spawn, stop, wait_until
from demo.embedded import account, postgres
from demo.embedded.account import Account
from demo.embedded.ports import free_port
from prosepolish_core.errors import StartupError

PASSWORD = "q" * 32
ENV = {"LC_ALL": "C", "PATH": os.defpath}


@pytest.fixture(scope="module")
def who(data: Path) -> Account | None:
    """The account it runs as here."""
    return account.choose([postgres.binaries(), data.parent])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for one cluster."""
    return tmp_path_factory.mktemp("pg") / "postgres"


def run(data: Path, who: Account | None) -> tuple[Child, str]:
    """A running server and the address of our database."""
    port = free_port()
    postgres.prepare(data, PASSWORD, who, ENV)
    child = spawn(postgres.part(data, port=port, account=who, log=data.parent / "pg.log", env=ENV))
    address = postgres.url(port, PASSWORD)
    wait_until(lambda: postgres.answers(postgres.url(port, PASSWORD, "postgres")), child, 20, "", lambda: False)
    return child, address


@pytest.mark.live
def test_data_survive_a_kill_and_the_next_start_recovers(data: Path, who: Account | None) -> None:
    """A committed row is there after a SIGKILL of the server; the stale lock file stops nobody."""
    child, address = run(data, who)
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    child.send(signal.SIGKILL)
    child.process.wait(5)
    assert (data / "postmaster.pid").exists()

    child, address = run(data, who)
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(address.replace(PASSWORD, "wrong"))
    stop([child], 5)


@pytest.mark.live
def test_a_server_left_on_the_data_is_ended_first(data: Path, who: Account | None) -> None:
    """An orphan that still runs is stopped before a new one starts on the same data."""
    orphan, _ = run(data, who)
    pid = orphan.process.pid

    child, address = run(data, who)

    assert orphan.process.wait(5) == 0
    assert not psutil.pid_exists(pid) or child.process.pid != pid
    assert postgres.trouble(address) == ""
    stop([child], 5)


@pytest.mark.live
def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    """What an interrupted first start left does not count as data."""
    target = tmp_path / "postgres"
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18")

    postgres.prepare(target, PASSWORD, account.choose([postgres.binaries(), tmp_path]), ENV)

    assert (target / "global").is_dir()
    assert not (tmp_path / "postgres.new").exists()
    assert not (tmp_path / "postgres.pw").exists()


def test_data_of_another_version_are_left_alone(tmp_path: Path) -> None:
    """Older data are named, not touched."""
    (tmp_path / "PG_VERSION").write_text("12\n")

    with pytest.raises(StartupError, match=r"belongs to PostgreSQL 12.*--data-dir"):
        postgres.prepare(tmp_path, PASSWORD, None, ENV)
    assert [path.name for path in tmp_path.iterdir()] == ["PG_VERSION"]


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    """Somebody's files are no place for a cluster."""
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(StartupError, match=r"not empty.*--data-dir"):
        postgres.prepare(tmp_path, PASSWORD, None, ENV)


def test_a_lock_file_that_names_another_process_is_forgotten(tmp_path: Path) -> None:
    """A reused process number is not our server: the process lives on."""
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n")

    postgres.end_leftovers(tmp_path)

    assert not (tmp_path / "postmaster.pid").exists()
