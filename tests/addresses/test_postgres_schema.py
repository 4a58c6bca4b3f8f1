"""A schema of one's own in DATABASE_URL, as Prisma and JDBC write it, holds everything that is kept."""

import psycopg
import pytest

from prosepolish_core import Config, Core
from prosepolish_core.watch.schema.migrate import migrate

pytestmark = pytest.mark.live


@pytest.mark.parametrize("habit", ["schema=Own", "currentSchema=Own", 'search_path="Own"', "options=-c%20search_path%3D%22Own%22"])
def test_everything_lies_in_the_schema_that_the_address_names(empty_database_url: str, habit: str) -> None:
    """Tables are made there and found there; our deadlines hold beside it."""
    with psycopg.connect(empty_database_url) as connection:
        connection.execute('CREATE SCHEMA "Own"')
    config = Config.from_env({"DATABASE_URL": f"{empty_database_url}&{habit}", "REDIS_URL": "redis://127.0.0.1:1"})
    migrate(config.database_url.get_secret_value())
    with Core.open(config) as core:
        assert core.sessions.create("u1").valid
        assert core.preferences.update("u1", {"a": 1}).version == 1
        with core.pool.connection() as connection:
            assert connection.execute("SHOW statement_timeout").fetchone() == ("5s",)
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname !~ '^(pg_|information_)'").fetchall()
    assert found == [("Own",)]
