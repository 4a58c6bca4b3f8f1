"""The Collectors page tells whether each collector runs on time."""

import pytest

from dashboard.views import collectors
from prosepolish_core.model.series import RunRow
from tests.dashboard.rows import WINDOW, Samples, at, gauge, grown


def run(ago: float, outcome: str = "ok", *, source: str = "cache", took_s: float = 0.002) -> RunRow:
    """One run of the INFO collector."""
    return RunRow("redis_info", source, at(ago), took_s, outcome, "" if outcome == "ok" else "refused", 200)


def test_runs_are_grouped_by_collector_and_source() -> None:
    """Two sources are two rows, newest run first."""
    view = collectors.build(Samples(run_rows=[run(2), run(2, source="state"), run(4), run(6, "timeout")]), WINDOW)

    assert [(r.source, r.runs, r.failures, r.age_s) for r in view.rows] == [("cache", 3, 1, 2.0), ("state", 1, 0, 2.0)]
    assert [f.outcome for f in view.failures] == ["timeout"]


def test_what_a_server_never_runs_for_us_is_no_failure_unless_it_is_info() -> None:
    """A version without a command, or a right we do not have, is a capability;
    a refused log-in and a refused INFO are failures.
    """
    refused = [
        RunRow(collector, "cache", at(5), 0.001, "refused", detail, 0)
        for collector, detail in (
            ("redis_memory", "no_permission"),
            ("redis_config", "unknown_command"),
            ("redis_clients", "not_authenticated"),
            ("redis_info", "no_permission"),
        )
    ]

    view = collectors.build(Samples(run_rows=refused), WINDOW)

    assert {r.collector: r.failures for r in view.rows} == {
        "redis_clients": 1,
        "redis_config": 0,
        "redis_info": 1,
        "redis_memory": 0,
    }
    assert {f.collector for f in view.failures} == {"redis_clients", "redis_info"}


def test_fields_nobody_knows_yet_are_listed() -> None:
    """A newer server's fields are named with their server."""
    view = collectors.build(
        Samples(gauge_rows=[gauge("used_memory", 1)], states={"cache": {"unknown_fields": "brand_new"}}), WINDOW
    )

    assert view.new_fields == (("cache", "brand_new"),)


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


def test_runs_that_failed_are_no_coverage() -> None:
    """All 107 runs failed: nothing was stored of what was due."""
    view = collectors.build(Samples(run_rows=[run(8 * n + 2, "error") for n in range(107)]), WINDOW)

    assert [(r.runs, r.failures, r.coverage) for r in view.rows] == [(107, 107, 0.0)]
    assert len(view.failures) == collectors.MOST_FAILURES


def test_coverage_is_what_was_stored_of_what_was_due() -> None:
    """Every ten seconds for a quarter of an hour, every third failed."""
    rows = [run(10 * n + 2, "timeout" if n % 3 == 0 else "ok") for n in range(90)]

    (row,) = collectors.build(Samples(run_rows=rows), WINDOW).rows

    assert (row.failures, row.coverage) == (30, pytest.approx(60 / 90))


def test_a_collector_that_stands_still_is_called_stopped() -> None:
    """Whatever its last run came to."""
    running, still = [run(2 * n) for n in range(5)], [run(60 + 2 * n, source="state") for n in range(5)]

    rows = collectors.build(Samples(run_rows=[*running, *still]), WINDOW).rows

    assert [(r.source, r.stopped, r.last_outcome) for r in rows] == [("cache", False, "ok"), ("state", True, "ok")]
