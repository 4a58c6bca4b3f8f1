"""LATENCY HISTOGRAM and LATENCY LATEST."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.sample import Kind
from prosepolish_core.watch.redis_info.latency import GRID_US, le, read_histogram, read_latest

from .recorded import SERVERS, reply


@pytest.mark.parametrize("protocol", ["resp2", "resp3"])
@pytest.mark.parametrize("server", SERVERS[1:])
def test_buckets_are_cumulative_on_one_grid(server: str, protocol: str) -> None:
    """Every command has the same bounds, its counts never fall, and the last one is its calls."""
    samples = read_histogram(reply(server, "latency_histogram", protocol))
    commands = {dict(s.labels)["cmd"] for s in samples}
    assert {"get", "set"} <= commands
    for command in commands:
        mine = [s for s in samples if dict(s.labels)["cmd"] == command]
        assert [dict(s.labels)["le"] for s in mine] == [*map(le, GRID_US), "+Inf"]
        assert all(s.kind is Kind.COUNTER for s in mine)
        counts = [s.value for s in mine]
        assert counts == sorted(counts)
    assert sum(s.value for s in samples if s.labels == (("cmd", "get"), ("le", "+Inf"))) in {400.0, 401.0}


def test_bounds_are_seconds() -> None:
    """The label `le` is the bound in seconds, without an exponent."""
    assert [le(1), le(33), le(1_082_130)] == ["0.000001", "0.000033", "1.08213"]


@given(st.dictionaries(st.sampled_from(GRID_US), st.integers(0, 1000), max_size=8))
def test_buckets_left_out_by_the_server_repeat_the_count_below(given_: dict[int, int]) -> None:
    """A bucket the server leaves out added nothing, so a window may subtract it."""
    running, cumulative = 0, {}
    for bound in sorted(given_):
        running += given_[bound]
        cumulative[bound] = running
    samples = read_histogram({b"get": {b"calls": running, b"histogram_usec": cumulative}})
    found = {dict(s.labels)["le"]: s.value for s in samples}
    for bound in GRID_US:
        assert found[le(bound)] == max((count for at, count in cumulative.items() if at <= bound), default=0)


@pytest.mark.parametrize("server", SERVERS)
def test_latest_events_have_four_values_or_six(server: str) -> None:
    """Events of the latency monitor are read on servers that say four and six things of each."""
    samples = read_latest(reply(server, "latency_latest"))
    events = {dict(s.labels)["event"] for s in samples}
    assert "command" in events
    assert all(s.value > 0 for s in samples)
    assert len(samples) == 3 * len(events)
