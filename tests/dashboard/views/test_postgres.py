"""PostgreSQL's numbers are its own, each in its place, and unknown ones stay unknown."""

from math import isnan

import numpy as np
import pytest

from dashboard.views import postgres
from prosepolish_core.model.series import GaugeSeries, Mark, SeriesKey
from tests.dashboard.rows import WINDOW, Samples, at, gauge, grown


def labelled(metric: str, value: float, **labels: str) -> GaugeSeries:
    """A gauge of PostgreSQL with labels."""
    plain = gauge(metric, value, "postgres")
    return plain._replace(key=SeriesKey("postgres", metric, tuple(sorted(labels.items()))))


def view_of(*gauges: GaugeSeries, **increases: float) -> postgres.PostgresView:
    """A view of these newest readings and increases."""
    rows = [grown(f"postgres_{name}", by, "postgres") for name, by in increases.items()]
    marks = [Mark(at(30), "restart", "", "postgres"), Mark(at(20), "flush", "", "cache"), Mark(at(10), "deploy", "v2")]
    samples = Samples(list(gauges), rows, mark_rows=marks, states={"postgres": {"version": "16.4"}})
    return postgres.build(samples, WINDOW)


def test_connections_are_summed_over_their_states_and_held_against_the_limit() -> None:
    """Seven of a hundred."""
    view = view_of(
        labelled("postgres_connections", 2, state="active"),
        labelled("postgres_connections", 5, state="idle"),
        gauge("postgres_max_connections", 100, "postgres"),
    )

    assert view.states == {"active": 2.0, "idle": 5.0}
    assert (view.used, view.most_connections) == (7.0, 100.0)


def test_shares_are_of_the_window_and_unknown_without_work() -> None:
    """90 of 100 blocks came from memory, 3 of 12 transactions were rolled back; without any, nothing is claimed."""
    view = view_of(blks_hit=90, blks_read=10, xact_commit=9, xact_rollback=3, deadlocks=2, temp_bytes=4096)

    assert view.cache_hits == pytest.approx(0.9)
    assert view.rolled_back == pytest.approx(0.25)
    assert (view.increases[postgres.DEADLOCKS], view.increases[postgres.SPILLED]) == (2.0, 4096.0)
    assert (view_of().cache_hits, view_of().rolled_back) == (None, None)


def test_tables_come_biggest_first_with_the_share_of_their_dead_rows() -> None:
    """One dead row of four; what is not told of a table is unknown, not zero."""
    view = view_of(
        labelled("postgres_table_size", 8192, table="small"),
        labelled("postgres_table_size", 65536, table="big"),
        labelled("postgres_table_live_rows", 3, table="big"),
        labelled("postgres_table_dead_rows", 1, table="big"),
    )

    assert [row.name for row in view.tables] == ["big", "small"]
    assert view.tables[0].dead_share == pytest.approx(0.25)
    assert isnan(view.tables[1].dead_share)
    assert isnan(view.tables[1].dead)


def test_standbys_and_slots_are_rows_of_their_own() -> None:
    """Each number in its own column."""
    view = view_of(
        labelled("postgres_standby_streaming", 1, standby="b"),
        labelled("postgres_standby_lag_bytes", 512, standby="b"),
        labelled("postgres_standby_lag_seconds", 0.25, standby="b"),
        labelled("postgres_slot_active", 0, slot="s"),
        labelled("postgres_slot_retained_bytes", 1024, slot="s"),
        gauge("postgres_in_recovery", 0, "postgres"),
    )

    assert view.standbys == (postgres.StandbyRow("b", 1.0, 512.0, 0.25),)
    assert view.slots == (postgres.SlotRow("s", 0.0, 1024.0),)
    assert not view.in_recovery


def test_marks_of_another_server_are_not_drawn_here() -> None:
    """A flush of the cache says nothing about PostgreSQL; a deploy concerns everybody."""
    assert [mark.kind for mark in view_of().marks] == ["restart", "deploy"]


def test_with_nothing_read_everything_is_unknown() -> None:
    """No zero that was never measured."""
    view = view_of()

    assert np.isnan([view.used, view.most_connections, view.size, view.longest_s, view.uptime_s]).all()
    assert view.increases == {}
