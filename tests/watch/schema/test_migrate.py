"""Migrations on a real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from prosepolish_core.errors import MigrationError, StoreUnavailable
from prosepolish_core.watch.schema.migrate import FOLDER, checksum, migrate

pytestmark = pytest.mark.live


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small migrations with a gap between their numbers."""
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (x integer);\nINSERT INTO a VALUES (1);\n")
    (tmp_path / "0004_b.sql").write_text("ALTER TABLE a ADD y integer;\n")
    return tmp_path


def test_files_are_applied_once_and_in_order(empty_database_url: str, folder: Path) -> None:
    """The second call has nothing to do; a file that is added later, with any number, is applied then."""
    assert migrate(empty_database_url, folder) == ["0001_a.sql", "0004_b.sql"]
    assert migrate(empty_database_url, folder) == []
    (folder / "0002_late.sql").write_text("CREATE TABLE c ()")
    assert migrate(empty_database_url, folder) == ["0002_late.sql"]


def test_the_projects_own_files_apply_to_an_empty_database(empty_database_url: str) -> None:
    """Every file of the project, in the order of their names."""
    assert migrate(empty_database_url) == sorted(path.name for path in FOLDER.glob("*.sql"))


def test_concurrent_starts_take_turns(empty_database_url: str, folder: Path) -> None:
    """Of many processes that start at once, one applies each file and none fails."""
    with ThreadPoolExecutor(6) as pool:
        applied = list(pool.map(lambda _: migrate(empty_database_url, folder), range(6)))
    assert max(applied, key=len) == ["0001_a.sql", "0004_b.sql"]
    assert sum(map(len, applied)) == 2
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM a").fetchone() == (1,)


def test_an_edited_file_is_refused(empty_database_url: str, folder: Path) -> None:
    """What was applied cannot be changed afterwards; other line endings are no change."""
    migrate(empty_database_url, folder)
    path = folder / "0001_a.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert migrate(empty_database_url, folder) == []
    path.write_text("CREATE TABLE a (x bigint)")
    with pytest.raises(MigrationError, match=r"0001_a\.sql was edited"):
        migrate(empty_database_url, folder)


def test_a_newer_schema_is_refused(empty_database_url: str, folder: Path) -> None:
    """Old code does not run on a database that newer code migrated."""
    migrate(empty_database_url, folder)
    (folder / "0004_b.sql").unlink()
    with pytest.raises(MigrationError, match=r"newer code \(0004_b.sql\)"):
        migrate(empty_database_url, folder)


def test_a_file_that_fails_leaves_nothing_behind(empty_database_url: str, folder: Path) -> None:
    """All files or none; the error names the file."""
    (folder / "0009_bad.sql").write_text("CREATE TABLE d ();\nSELECT 1 / 0;\n")
    with pytest.raises(MigrationError, match=r"0009_bad.sql cannot be applied: division by zero"):
        migrate(empty_database_url, folder)
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT to_regclass('a'), to_regclass('d')").fetchone() == (None, None)


def test_no_server_is_a_typed_error(folder: Path) -> None:
    """Nobody listens: StoreUnavailable, without the address in the message."""
    with pytest.raises(StoreUnavailable) as caught:
        migrate("postgresql://nobody:hunter2@127.0.0.1:1/none", folder)
    assert "hunter2" not in str(caught.value)


def test_checksums_do_not_depend_on_line_endings() -> None:
    """A checkout on Windows has the same checksums."""
    assert checksum("a\r\nb\r\n") == checksum("a\nb\n") != checksum("a\nc\n")
