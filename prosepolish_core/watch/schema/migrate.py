"""Ordered SQL files, each applied once under one advisory lock and held to its checksum."""

from hashlib import sha256
from pathlib import Path

from ...drivers.postgres_connection import connect
from ...drivers.postgres_pool import Connection, DatabaseFault
from ...errors import MigrationError

FOLDER = Path(__file__).parent
#: Key of the advisory lock that makes concurrent starts take turns ("ppmigr" in ASCII).
LOCK = 0x70706D696772

_JOURNAL = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


def migrate(url: str, folder: Path = FOLDER) -> list[str]:
    """Apply the files that are missing, in the order of their names, all or none; returns the names applied.

    A gap in the numbers does not matter. Raises MigrationError when an applied file was edited, when the database was
    migrated by newer code, or when a file fails; StoreUnavailable when PostgreSQL cannot be reached.
    """
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("[0-9]*.sql"))}
    with connect(url, role="migrate") as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute(_JOURNAL)
        applied: dict[str, str] = dict(connection.execute("SELECT name, checksum FROM schema_migration").fetchall())
        _refuse_surprises(files, applied)
        missing = [name for name in files if name not in applied]
        for name in missing:
            _apply(connection, name, files[name])
        if applied and missing:
            _mark(connection, missing)
    return missing


def checksum(text: str) -> str:
    """The checksum of a file's text; line endings do not count."""
    return sha256("\n".join(text.splitlines()).encode()).hexdigest()


def _mark(connection: Connection, names: list[str]) -> None:
    """A line on the charts of PostgreSQL: what it does from now on, it does with other tables."""
    if (row := connection.execute("SELECT to_regclass('mark')").fetchone()) and row[0]:
        told = f"schema migrated to {names[-1].removesuffix('.sql')}"
        connection.execute("INSERT INTO mark (ts, kind, text, source) VALUES (now(), 'schema', %s, 'postgres')", (told,))


def _refuse_surprises(files: dict[str, str], applied: dict[str, str]) -> None:
    if newer := sorted(applied.keys() - files.keys()):
        raise MigrationError(f"the database was migrated by newer code ({', '.join(newer)}); update this program")
    if edited := [name for name, text in files.items() if name in applied and applied[name] != checksum(text)]:
        raise MigrationError(f"{', '.join(edited)} was edited after it had been applied; put the change into a new file")


def _apply(connection: Connection, name: str, text: str) -> None:
    try:
        connection.execute(text)
        connection.execute("INSERT INTO schema_migration (name, checksum) VALUES (%s, %s)", (name, checksum(text)))
    except DatabaseFault as error:
        raise MigrationError(f"{name} cannot be applied: {error.diag.message_primary or type(error).__name__}") from error
