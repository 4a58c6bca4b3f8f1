"""The Collectors page tells whether each collector runs on time."""

import pytest

from dashboard.views import collectors
from prosepolish_core.ports import RunRow
from tests.dashboard.rows import WINDOW, Samples, at, grown


def run(ago: float, outcome: str = "ok", *, source: str = "cache", took_s: float = 0.002) -> RunRow:
    """One run of the INFO collector."""
    return RunRow("redis_info", source, at(ago), took_s, outcome, "" if outcome == "ok" else "refused", 200)


def test_runs_are_grouped_by_collector_and_source() -> None:
    """Two sources are two rows, newest run first."""
    view = collectors.build(Samples(run_rows=[run(2), run(2, source="state"), run(4), run(6, "timeout")]), WINDOW)

    assert [(r.source, r.runs, r.failures, r.age_s) for r in view.rows] == [("cache", 3, 1, 2.0), ("state", 1, 0, 2.0)]
    assert [f.outcome for f in view.failures] == ["timeout"]


def test_our_cost_is_a_share_of_the_servers_time() -> None:
    """36 ms charged in 60 covered seconds are 0.06 %."""
    view = collectors.build(Samples(run_rows=[run(2)], increase_rows=[grown("collector_server_usec", 36_000)]), WINDOW)

    assert view.footprint.time == pytest.approx(0.0006)


def test_without_runs_there_is_nothing_to_judge() -> None:
    """An empty store gives an empty page, not an error."""
    view = collectors.build(Samples(), WINDOW)

    assert view.rows == ()
    assert view.footprint.time is None
    assert view.lacking == ()
