"""Managed services hide sections, blank fields and answer in shapes of their own: what is left is read all the same."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.watch.redis_info.clients import read_clients
from prosepolish_core.watch.redis_info.flat import read_cluster_info, read_cluster_nodes, read_config, read_memory_stats
from prosepolish_core.watch.redis_info.info_reply import read_info
from prosepolish_core.watch.redis_info.latency import read_histogram, read_latest
from prosepolish_core.watch.redis_info.slowlog import read_slowlog

from .recorded import SERVERS, reply

NUMBER = re.compile(r"-?\d+(\.\d+)?%?")
#: What a service that hides the machine leaves empty.
BLANKED = ("executable", "config_file", "run_id", "os", "process_id", "tcp_port", "maxmemory", "total_system_memory", "gcc_version")
SECTIONS = ("Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Commandstats", "Errorstats")


def subset(server: str, protocol: str, hidden: set[str], blank: set[str]) -> str:
    """A recorded reply as a service would give it that hides these sections and blanks these fields."""
    sections = re.split(r"(?m)^# ", reply(server, "info", protocol).decode())
    kept = "".join(f"# {part}" for part in sections if part.split("\r\n", 1)[0].strip() not in hidden)
    return re.sub(rf"(?m)^({'|'.join(blank)}):[^\r\n]*", r"\1:", kept) if blank else kept


@given(
    st.sampled_from(SERVERS),
    st.sampled_from(["resp2", "resp3"]),
    st.sets(st.sampled_from(SECTIONS)),
    st.sets(st.sampled_from(BLANKED)),
)
def test_hidden_sections_and_blank_fields_cost_only_themselves(
    server: str, protocol: str, hidden: set[str], blank: set[str]
) -> None:
    """Every numeric field that is still there is kept with the value it has; nothing that is hidden is made up."""
    text = subset(server, protocol, hidden, blank)
    read = read_info(text)
    found = {s.metric: s.value for s in read.samples if not s.labels}
    whole = {s.metric: s.value for s in read_info(reply(server, "info", protocol)).samples if not s.labels}
    shown = {name for name, _, value in (line.partition(":") for line in text.splitlines()) if NUMBER.fullmatch(value)}
    assert {name: value for name, value in whole.items() if name in shown} == {n: v for n, v in found.items() if n in shown}
    assert found.keys() <= whole.keys()
    assert not blank & found.keys()
    assert "run_id" not in blank or "run_id" not in read.state


NATIVE: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.binary(max_size=12), st.integers(-(2**70), 2**70), st.floats(), st.none(), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=7), st.dictionaries(st.one_of(st.binary(max_size=8), st.integers()), inner, max_size=5)
    ),
    max_leaves=25,
)
#: What a histogram's reply looks like, with values of any shape in their places.
HISTOGRAM = st.dictionaries(
    st.binary(max_size=8), st.fixed_dictionaries({b"calls": st.integers(0, 99), b"histogram_usec": NATIVE}), max_size=3
)
READERS: dict[str, Callable[[Any], Any]] = {
    "histogram": read_histogram,
    "latest": read_latest,
    "memory": read_memory_stats,
    "config": lambda value: read_config([value])[0],
    "cluster": lambda value: read_cluster_info(value)[0],
    "nodes": lambda value: read_cluster_nodes(value)[0],
    "clients": read_clients,
    "slowlog": lambda value: read_slowlog(value, None).entries and (),
}


@pytest.mark.parametrize("reader", READERS)
@given(st.one_of(NATIVE, HISTOGRAM))
def test_a_reply_of_any_shape_is_read_without_an_error_and_gives_finite_numbers(reader: str, value: Any) -> None:
    """A service may answer anything: no reader fails, and none gives a number that is no number."""
    assert all(sample.value - sample.value == 0.0 for sample in READERS[reader](value))
