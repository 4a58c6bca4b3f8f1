"""The journal of calls: what lies on the disk, and what becomes of it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreRefused, StoreUnavailable
from prosepolish_core.model.counts import LedgerRow
from prosepolish_core.model.llm import CallState, LlmCall
from prosepolish_core.watch.counts import call_journal
from prosepolish_core.watch.counts.call_journal import CallJournal
from prosepolish_core.watch.counts.ledger_store import LedgerStore

AT = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
CALL = LlmCall("paid", "correct", "m", 450, 0, 150, 0, Decimal("0.00051"), "2026-01-01", 1.5, price_source="ours")


def sent(call_id: str) -> LedgerRow:
    row = LlmCall("paid", "correct", "m", 0, 0, 0, 0, None, "", 0.0, call_id=call_id, state=CallState.SENT)
    return LedgerRow(AT, row, 1, call_id)


def settled(call_id: str) -> LedgerRow:
    return LedgerRow(AT + timedelta(seconds=2), CALL._replace(call_id=call_id), 1, call_id)


class Store:
    """A store that keeps rows, and may be away or refuse some."""

    def __init__(self) -> None:
        self.rows: list[LedgerRow] = []
        self.away = False
        self.refuses = ""

    def write(self, rows: Sequence[LedgerRow]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        if any(row.call_id == self.refuses for row in rows):
            raise StoreRefused("refused")
        self.rows += rows


def test_rows_outlive_their_process_and_reach_the_store_once(tmp_path: Path) -> None:
    """What one process wrote down is shipped by the next, whole, and leaves no file."""
    store = Store()
    one = CallJournal(tmp_path, store.write)
    assert one.keep((sent("a"),), durable=True)
    assert one.keep((settled("a"),))
    assert one.keep((sent("b"),), durable=True)
    one.close()
    heir = CallJournal(tmp_path, store.write)
    heir.adopt()
    assert heir.ship()
    assert [row.call for row in store.rows] == [sent("a").call, settled("a").call, sent("b").call]
    assert not heir.ship()
    assert list(tmp_path.glob("*/*.calls")) == []
    heir.close()


def test_a_living_process_takes_over_from_a_killed_one_and_gives_the_folder_back(tmp_path: Path) -> None:
    """A server that runs for months ships what its neighbour left when it was killed."""
    store = Store()
    living, other = CallJournal(tmp_path, store.write), CallJournal(tmp_path, store.write)
    assert living.keep((sent("a"),))
    assert other.keep((sent("b"),))
    living.adopt()
    assert living.ship()
    assert [row.call_id for row in store.rows] == ["a"]
    other.close()  # as its lock dies with a process
    living.adopt()
    assert living.ship()
    assert [row.call_id for row in store.rows] == ["a", "b"]
    living.adopt()
    again = CallJournal(tmp_path, store.write)
    assert again.keep((sent("c"),))
    assert (tmp_path / "1" / "000000000001.calls").exists()
    living.close()
    again.close()


def test_while_the_store_is_away_rows_wait_and_small_files_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A settled call needs one row; a call without a reply stays as it was sent."""
    monkeypatch.setattr(call_journal, "MANY", 20)
    store = Store()
    store.away = True
    journal = CallJournal(tmp_path, store.write)
    for number in range(20):
        journal.keep((sent(str(number)),))
        if number:
            journal.keep((settled(str(number)),))
    with pytest.raises(StoreUnavailable):
        journal.ship()
    journal.put_together()
    assert len(journal) == 1
    store.away = False
    assert journal.ship()
    assert sorted((int(row.call_id), row.call.state) for row in store.rows) == [
        (number, "priced" if number else "sent") for number in range(20)
    ]
    journal.close()


def test_a_row_that_the_store_can_never_take_is_set_aside_alone(tmp_path: Path) -> None:
    """The others are shipped; the file is kept for people to look at."""
    store = Store()
    store.refuses = "b"
    journal = CallJournal(tmp_path, store.write)
    for name in "abc":
        journal.keep((sent(name),))
    assert journal.ship()
    assert [row.call_id for row in store.rows] == ["a", "c"]
    assert [path.stem for path in tmp_path.glob("*/*.unreadable")] == ["000000000002"]
    assert not journal.ship()
    journal.close()


@pytest.mark.parametrize("kind", ["file", "full"])
def test_a_folder_that_cannot_be_used_is_said_and_nothing_raises(tmp_path: Path, kind: str) -> None:
    """Rows are refused with the reason and what to do; once the folder is mended, they are taken again."""
    root = tmp_path / "ledger"
    if kind == "file":
        root.write_text("in the way")
    journal = CallJournal(root, Store().write, limit_bytes=10**9 if kind == "file" else -1)
    assert not journal.keep((sent("a"),), durable=True)
    assert "cannot be written down before they leave" in journal.fault
    assert "set PROSEPOLISH_DATA_DIR" in journal.fault
    journal.put_together()
    journal.adopt()
    if kind == "file":
        root.unlink()
        assert journal.keep((sent("a"),), durable=True)
        assert journal.fault == ""
    journal.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """Parent and child write at the same time, neither into the other's folder, and both rows are there."""
    store = Store()
    journal = CallJournal(tmp_path, store.write)
    assert journal.keep((sent("parent"),))
    pid = os.fork()
    if pid == 0:
        os._exit(0 if journal.keep((sent("child"),)) and len(journal) == 1 else 1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert journal.keep((settled("parent"),))
    journal.adopt()
    assert journal.ship()
    assert sorted(row.call_id for row in store.rows) == ["child", "parent", "parent"]
    journal.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.watch.counts.test_call_journal import CallJournal, Store, sent
journal = CallJournal(Path(sys.argv[1]), Store().write)
for number in range(5):
    journal.keep((sent(str(number)),), durable=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_9_loses_no_call_that_was_sent(tmp_path: Path) -> None:
    """Five calls on their way when the process is killed are five rows for the next one."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == -9
    store = Store()
    heir = CallJournal(tmp_path, store.write)
    heir.adopt()
    assert heir.ship()
    assert [row.call_id for row in store.rows] == list("01234")
    heir.close()


@pytest.fixture
def pool(database_url: str) -> PostgresPool:
    return PostgresPool(database_url, size=1, role="test")


def told(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT state, line, cost_usd, calls FROM llm_ledger ORDER BY ts, state").fetchall()
        sums = connection.execute("SELECT sum(calls), sum(cost_usd), sum(sent), sum(unknown) FROM llm_ledger_sum").fetchone()
    assert sums == (
        sum(row[3] for row in rows),
        sum((row[2] or Decimal(0) for row in rows), Decimal(0)),
        sum(row[0] == "sent" for row in rows),
        sum(row[0] == "unknown" for row in rows),
    )
    return rows


def test_a_replay_in_any_order_gives_each_call_one_row(pool: PostgresPool, database_url: str) -> None:
    """Sent and settled, twice, the settled one first: one priced row, and the hours agree at every step."""
    store, call_id = LedgerStore(pool), str(uuid4())
    store.write([sent(call_id)._replace(ts=datetime.now(UTC))])
    assert told(database_url) == [("sent", "answer", None, 1)]
    for _ in range(2):
        store.write([settled(call_id)])
        store.write([sent(call_id)])
        assert told(database_url) == [("priced", "answer", Decimal("0.00051"), 1)]
    pool.hang_up()


def test_a_call_whose_process_died_becomes_unknown_and_may_still_be_settled(pool: PostgresPool, database_url: str) -> None:
    """Nobody knows what it cost: said, not zero. When a spool with its reply turns up, it is priced after all."""
    store, call_id = LedgerStore(pool), str(uuid4())
    store.write([sent(call_id)])  # ten minutes and more ago: AT lies in the past
    LedgerStore(pool).write([])
    assert told(database_url) == [("unknown", "nothing", None, 1)]
    store.write([settled(call_id)])
    assert told(database_url) == [("priced", "answer", Decimal("0.00051"), 1)]
    pool.hang_up()
