"""Keyspace: growth by family, harmful commands that were not ours, failovers of the last quarter."""

from datetime import timedelta

import numpy as np

from dashboard.sections.keyspace import spread_of
from dashboard.views import keyspace
from dashboard.views.census import FamilyCensus, Interval
from prosepolish_core.model.series import GaugeSeries, IncreaseSeries, Mark, SeriesKey
from tests.dashboard.rows import NOW, WINDOW, Samples, gauge, grown


def course(family: str, values: list[float], stat: str = "value") -> GaugeSeries:
    """A family's keys over the last minutes."""
    labels = tuple(sorted({"family": family, "stat": stat}.items()))
    ts = np.array(
        [(NOW - timedelta(seconds=60 * i)).replace(tzinfo=None) for i in range(len(values), 0, -1)], dtype="datetime64[ms]"
    )
    found = np.array(values)
    return GaugeSeries(SeriesKey("cache", "census_keys", labels), ts, found, found, found, found)


def called(metric: str, command: str, times: float) -> IncreaseSeries:
    """A command's calls in the window."""
    return grown(metric, times)._replace(key=SeriesKey("cache", metric, (("cmd", command),)))


def test_growth_is_the_last_known_number_less_the_first_the_largest_first() -> None:
    """Bounds of intervals are no courses; one reading tells no growth."""
    samples = Samples(
        [course("dict", [100, 90]), course("llm", [5, np.nan, 25]), course("user", [3]), course("dict", [1, 2], "low")]
    )

    found = keyspace.build(samples, WINDOW).growth

    assert [(one.family, one.added) for one in found[:1]] == [("llm", 20.0)]
    assert {one.family: one.added for one in found if np.isfinite(one.added)} == {"llm": 20.0, "dict": -10.0}
    assert len(found) == 3


def test_harmful_commands_are_counted_without_our_own_collectors() -> None:
    """A command with a subcommand counts under its first word; GET is no matter."""
    rows = [
        called("cmdstat_calls", "keys", 7),
        called("collector_command_calls", "keys", 2),
        called("cmdstat_calls", "debug|sleep", 1),
        called("cmdstat_calls", "get", 99),
    ]

    assert keyspace.build(Samples([], rows), WINDOW).facts.commands == {("cache", "keys"): 5.0, ("cache", "debug"): 1.0}


def test_a_server_with_a_replica_is_one_that_can_fail_over() -> None:
    """A cluster of one node is none; failovers are counted, other marks are not."""
    marks = [Mark(NOW, "failover", "seen", "cache"), Mark(NOW, "restart", "seen", "cache")]
    samples = Samples([gauge("connected_slaves", 1), gauge("cluster_known_nodes", 1, "other")], mark_rows=marks)

    facts = keyspace.build(samples, WINDOW).facts

    assert (facts.replicated, facts.failovers) == (("cache",), 1)


def test_a_familys_row_tells_the_share_in_each_span() -> None:
    """They add up to the keys that end; the contract stands beside them."""
    bounds = ("60", "300", "900", "3600", "14400", "86400", "604800", "+Inf")
    ttl = tuple(zip(bounds, (10.0, 20.0, 50.0, 90.0, 90.0, 90.0, 90.0, 95.0), strict=True))
    of = FamilyCensus("dict", *(Interval(n, n, n) for n in (100.0, 1.0, 5.0, 0.0)), ttl)

    row = spread_of(of)

    assert list(row.values()) == ["dictionary", "60 min", "10 %", "10 %", "30 %", "40 %", "0 %", "0 %", "0 %", "5 %", "5 %"]
    assert spread_of(FamilyCensus("dict", *(Interval(n, n, n) for n in (100.0, 1.0, 5.0, 0.0)), ())) == {}
