"""The keeper."""

import threading
from pathlib import Path

from collectors.run_keeper import RunKeeper
from collectors.spool import Spool

from .parts import Shelf, run_at

#: Nobody stops.
GO_ON = threading.Event()


def test_nothing_is_lost_and_order_holds_over_an_outage(tmp_path: Path) -> None:
    """Runs written while the store is away come after those before and before those after it."""
    shelf, spool = Shelf(), Spool(tmp_path)
    keeper = RunKeeper(shelf, spool)
    for tick in range(30):
        shelf.away = 10 <= tick < 20
        keeper.write([run_at(tick)])
        if not tick % 7:
            keeper.drain(GO_ON)
    keeper.drain(GO_ON)
    assert shelf.order == list(range(30))
    assert (keeper.spooled, keeper.away, keeper.dropped) == (0, False, 0)
    spool.close()


def test_a_killed_process_leaves_its_spool_to_the_next(tmp_path: Path) -> None:
    """What one process could not store, the next one does, before its own runs."""
    shelf, spool = Shelf(), Spool(tmp_path)
    shelf.away = True
    keeper = RunKeeper(shelf, spool)
    keeper.write([run_at(1)])
    keeper.write([run_at(2)])
    spool.close()
    shelf.away = False
    heir = RunKeeper(shelf, again := Spool(tmp_path))
    heir.write([run_at(3)])
    heir.drain(GO_ON)
    assert shelf.order == [1, 2, 3]
    again.close()


def test_a_batch_the_store_never_takes_does_not_stop_the_others(tmp_path: Path) -> None:
    """One poisoned batch is set aside; those around it arrive."""
    shelf, spool = Shelf(), Spool(tmp_path)
    shelf.away = True
    keeper = RunKeeper(shelf, spool)
    for tick in range(5):
        keeper.write([run_at(tick)])
    shelf.away, shelf.refuses = False, {2}
    keeper.drain(GO_ON)
    assert shelf.order == [0, 1, 3, 4]
    assert len(list(tmp_path.glob("*/*.unreadable"))) == 1
    spool.close()


def test_writing_a_tick_twice_keeps_it_once(tmp_path: Path) -> None:
    """A batch whose commit was in doubt is spooled and replayed; the store keeps it once."""
    shelf, spool = Shelf(), Spool(tmp_path)
    keeper = RunKeeper(shelf, spool)
    keeper.write([run_at(1)])
    shelf.away = True
    keeper.write([run_at(1)])
    shelf.away = False
    keeper.drain(GO_ON)
    assert shelf.order == [1]
    spool.close()
