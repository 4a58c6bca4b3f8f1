"""The spool."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.spool import Spool, dump, load
from prosepolish_core.errors import StartupError
from prosepolish_core.model.sample import SlowCommand

from .parts import run_at


def test_batches_come_back_whole_and_in_order(tmp_path: Path) -> None:
    """What was appended is replayed as it was, oldest first, also by the next process."""
    spool = Spool(tmp_path)
    for tick in range(12):
        spool.append([run_at(tick), run_at(tick, "state")])
    spool.close()
    again = Spool(tmp_path)
    found = [runs for _, runs in again.batches()]
    assert found == [[run_at(tick), run_at(tick, "state")] for tick in range(12)]
    again.append([run_at(12)])
    assert [runs[0].tick for _, runs in again.batches()] == list(range(13))
    again.close()


def test_done_batches_are_gone(tmp_path: Path) -> None:
    """A replayed batch leaves no file and no bytes."""
    spool = Spool(tmp_path)
    spool.append([run_at(1)])
    (path, _) = next(spool.batches())
    spool.done(path)
    assert (len(spool), spool.size_bytes, list(tmp_path.glob("*/*.runs"))) == (0, 0, [])
    spool.close()


def test_a_full_spool_gives_up_the_oldest_and_says_how_many(tmp_path: Path) -> None:
    """The bound holds; the runs that went are counted."""
    spool = Spool(tmp_path, limit_bytes=1000)
    for tick in range(20):
        spool.append([run_at(tick)])
    kept = [runs[0].tick for _, runs in spool.batches()]
    assert kept == list(range(20 - len(kept), 20))
    assert spool.dropped == 20 - len(kept)
    assert spool.size_bytes <= 1000
    spool.close()


def test_half_a_file_is_no_batch(tmp_path: Path) -> None:
    """A file cut by a crash is set aside for people to look at; the others are replayed."""
    spool = Spool(tmp_path)
    spool.append([run_at(1)])
    spool.append([run_at(2)])
    first = min(tmp_path.glob("*/*.runs"))
    first.write_bytes(first.read_bytes()[:20])
    assert [runs[0].tick for _, runs in spool.batches()] == [2]
    assert first.with_suffix(".unreadable").exists()
    spool.close()


def test_two_processes_do_not_share_a_folder(tmp_path: Path) -> None:
    """A second collector with the same data folder takes a folder of its own
    and leaves the first one's batches alone.
    """
    one = Spool(tmp_path)
    one.append([run_at(1)])
    (tmp_path / "1").mkdir()
    two = Spool(tmp_path)
    assert len(two) == 0
    two.append([run_at(2)])
    assert [runs[0].tick for _, runs in one.batches()] == [1]
    one.close()
    two.close()
    heir = Spool(tmp_path)
    assert len(heir) == 2
    heir.close()


@given(st.integers(0, 2**40), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20))
def test_a_run_survives_its_plain_form(tick: int, value: float, detail: str) -> None:
    """Dumping and loading gives the same run, slow commands included."""
    run = run_at(1_795_000_000)
    sample = run.samples[0]._replace(value=value)
    run = replace(run, tick=tick, samples=(sample,), detail=detail, slow=(SlowCommand(1, 2, 0.5, "get", 1, "dict", "web"),))
    assert load(dump(run)) == run


def test_a_folder_that_cannot_be_written_is_named_with_the_fix(tmp_path: Path) -> None:
    """Where the collectors cannot spool they do not start, and say which variable to set."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match=r"file/spool cannot be used .*PROSEPOLISH_DATA_DIR"):
        Spool(tmp_path / "file" / "spool")
