"""The audit table: rows are added, and not even the owner of the table changes or removes one by mistake."""

import psycopg
import pytest
from psycopg.sql import SQL

from prosepolish_core import Config, Core
from prosepolish_core.errors import StoreUnavailable

pytestmark = pytest.mark.live


def test_a_row_is_added_cleaned_and_stays(database_url: str) -> None:
    """A name with a NUL, a subject that is too long; UPDATE, DELETE and TRUNCATE are refused."""
    with Core.open(Config.from_env({"DATABASE_URL": database_url})) as core:
        core.audit.add("ann\x00", "operator", "invalidate", "w" * 1000)
        core.audit.add("eve", "viewer", "clear", "dict", allowed=False)
        newest, oldest = core.audit.newest()
    assert (newest.actor, newest.outcome, oldest.actor, oldest.outcome) == ("eve", "refused", "ann\ufffd", "allowed")
    assert len(oldest.subject) == 300
    with psycopg.connect(database_url, autocommit=True) as owner:
        for statement in ("UPDATE audit SET actor = 'bob'", "DELETE FROM audit", "TRUNCATE audit"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed or removed"):
                owner.execute(SQL(statement))  # type: ignore[arg-type]
        assert owner.execute("SELECT count(*) FROM audit").fetchone() == (2,)


def test_without_a_store_it_says_so_or_goes_on() -> None:
    """Whoever must have the row is told; whoever must go on is told by the answer."""
    with Core.open(Config.from_env({"DATABASE_URL": "postgresql://127.0.0.1:9/nowhere"})) as core:
        with pytest.raises(StoreUnavailable):
            core.audit.add("ann", "operator", "invalidate")
        assert not core.audit.try_to_add("ann", "operator", "invalidate")
