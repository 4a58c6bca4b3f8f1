"""A small slice of the what-if benchmarks: what they compare, without their sizes and without a clock."""

import pytest

from benchmarks import whatif_near
from benchmarks.whatif_grid import HOURS, SHARES, chunks, grid


def test_hashes_tell_of_near_misses_what_texts_tell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """100 documents instead of 1,000; to half a point."""
    monkeypatch.setattr(whatif_near, "DOCUMENTS", 100)
    assert whatif_near.main() == 0
    assert "met" in capsys.readouterr().out


def test_the_grid_plays_every_setting_and_little_memory_evicts() -> None:
    """Of 25 settings at least one of each time to live is pressed."""
    made, window, rows = chunks(20_000)
    assert len(rows) == 20_000
    assert len(HOURS) <= grid(made, window)[2] <= len(HOURS) * len(SHARES)
