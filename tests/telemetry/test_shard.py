"""Cells and shards: what grew is taken once."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.telemetry.shard import MOST_EVENTS, Cell, Shard


def test_a_cell_that_did_not_grow_gives_nothing() -> None:
    """A cell gives an increase only when something was counted since the last take."""
    cell = Cell()
    assert cell.take() is None
    cell.counts[3] += 1
    cell.sum_s += 0.5
    grown = cell.take()
    assert grown is not None
    assert (sum(grown[0]), grown[1]) == (1, 0.5)
    assert cell.take() is None


@given(st.lists(st.lists(st.integers(0, len(BOUNDS_S) - 1))))
def test_takes_add_up_to_what_was_counted(rounds: list[list[int]]) -> None:
    """Whenever the flusher looks, the increases add up to all counts, each once."""
    cell, total = Cell(), [0] * len(BOUNDS_S)
    for counted in rounds:
        for index in counted:
            cell.counts[index] += 1
        if grown := cell.take():
            total = [a + b for a, b in zip(total, grown[0], strict=True)]
    assert total == cell.counts


def test_event_names_are_bounded() -> None:
    """Too many event names are counted together, none is lost."""
    shard = Shard()
    for number in range(MOST_EVENTS + 50):
        shard.count(f"event_{number}", 1)
    taken = shard.take_events()
    assert sum(taken.values()) == MOST_EVENTS + 50
    assert taken["other_events"] == 50
    assert shard.take_events() == {}
