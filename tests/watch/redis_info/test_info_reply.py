"""INFO replies of real servers, and of servers nobody has seen yet."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.sample import Kind, Sample
from prosepolish_core.watch.redis_info.fields import ZERO_IS_NONE
from prosepolish_core.watch.redis_info.info_reply import InfoReply, read_info

from .recorded import SERVERS, reply

NUMBER = re.compile(r"-?\d+(\.\d+)?%?")


def values(info: InfoReply) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Samples by name and labels."""
    return {(s.metric, s.labels): s.value for s in info.samples}


@pytest.mark.parametrize("protocol", ["resp2", "resp3"])
@pytest.mark.parametrize("server", SERVERS)
def test_every_numeric_field_is_kept_and_known(server: str, protocol: str) -> None:
    """No numeric line of a real server is lost, and none is unknown to the field table."""
    text = reply(server, "info", protocol).decode()
    info = read_info(text)
    kept = {s.metric for s in info.samples if not s.labels}
    identifiers = {"redis_git_sha1", "redis_git_dirty", "master_replid2", "second_repl_offset", "run_id", "redis_version"}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if NUMBER.fullmatch(value) and name not in identifiers and (name not in ZERO_IS_NONE or float(value)):
            assert name in kept, line
    assert info.unknown == ()


@pytest.mark.parametrize("server", SERVERS)
def test_no_series_appears_twice(server: str) -> None:
    """Metric and labels name one sample of a reply."""
    for protocol in ("resp2", "replica"):
        info = read_info(reply(server, "info", protocol))
        assert len(values(info)) == len(info.samples)
        assert all(s.labels == tuple(sorted(s.labels)) for s in info.samples)


@pytest.mark.parametrize(
    ("server", "kind", "version"),
    [
        ("redis-6.2", "redis", "6.2.5"),
        ("redis-7.0", "redis", "7.0.15"),
        ("redis-7.2", "redis", "7.2.6"),
        ("redis-7.4", "redis", "7.4.1"),
        ("redis-8.0", "redis", "8.0.2"),
        ("redis-8.2", "redis", "8.2.3"),
        ("valkey-8.0", "valkey", "8.0.1"),
        ("valkey-8.1", "valkey", "8.1.8"),
        ("valkey-9.1", "valkey", "9.1.2"),
    ],
)
def test_the_server_is_named_by_its_own_version(server: str, kind: str, version: str) -> None:
    """Valkey is told by its own version, never by the compatibility number it also shows."""
    state = read_info(reply(server, "info")).state
    assert (state["server"], state["version"], state["mode"], state["role"]) == (kind, version, "standalone", "master")
    assert len(state["run_id"]) == 40
    assert int(state["uptime_in_seconds"]) >= 0


@pytest.mark.parametrize(("server", "field"), [("redis-8.2", "db_subexpiry"), ("valkey-9.1", "db_keys_with_volatile_items")])
def test_the_fourth_keyspace_value_is_what_its_name_says(server: str, field: str) -> None:
    """The field the standard exporter takes for KeyDB's cached keys is named after itself."""
    found = values(read_info(reply(server, "info")))
    assert found[field, (("db", "0"),)] == 0.0
    assert not any(metric == "db_cached_keys" for metric, _ in found)
    assert found["db_keys", (("db", "0"),)] == 202.0
    assert found["db_expires", (("db", "0"),)] == 200.0
    assert found["db_keys", (("db", "3"),)] == 1.0


@pytest.mark.parametrize("server", SERVERS)
def test_commands_and_errors_are_counters_by_label(server: str) -> None:
    """Calls and microseconds are counters per command; the lifetime average is left out;
    errors are counted by prefix.
    """
    info = read_info(reply(server, "info"))
    found = {(s.metric, dict(s.labels).get("cmd") or dict(s.labels).get("error")): s for s in info.samples}
    get = found["cmdstat_calls", "get"]
    assert (get.value, get.kind) == (401.0, Kind.COUNTER)
    assert found["cmdstat_failed_calls", "get"].value == 1.0
    assert found["errorstat_count", "WRONGTYPE"].value == 1.0
    assert not any(metric == "cmdstat_usec_per_call" for metric, _ in found)
    assert info.commands["get"] == (401.0, found["cmdstat_usec", "get"].value)


def test_replicas_are_read_by_key() -> None:
    """A replica is named by its address, whatever the order of the line's parts."""
    line = "slave0:lag=1,state=online,offset=42,port=6380,ip=10.0.0.2,type=replica\r\n"
    found = values(read_info(line))
    label = (("replica", "10.0.0.2:6380"),)
    assert found == {("replica_lag", label): 1.0, ("replica_offset", label): 42.0, ("replica_online", label): 1.0}


def test_key_size_histograms_and_threads_have_labels() -> None:
    """Redis 8's key sizes and threads become labelled series."""
    found = values(read_info("db0_distrib_strings_sizes:1=2,4=7\r\nio_thread_1:clients=3,reads=9,writes=8\r\n"))
    assert found["keysizes", (("db", "0"), ("ge", "4"), ("what", "strings_sizes"))] == 7.0
    assert found["io_thread_reads", (("thread", "1"),)] == 9.0


def test_unknown_fields_become_gauges_and_are_listed() -> None:
    """A field of a future server is kept under its name and named in the state."""
    info = read_info("brand_new_bytes:12\r\nmystery3:a=1,b=x\r\nword:hello\r\n")
    assert info.samples == (
        Sample("brand_new_bytes", 12.0, Kind.GAUGE, "bytes"),
        Sample("mystery_a", 1.0, Kind.GAUGE, "1", (("index", "3"),)),
    )
    assert info.unknown == ("brand_new_bytes", "mystery_a")
    assert info.state["unknown_fields"] == "brand_new_bytes,mystery_a"


def test_a_managed_service_may_blank_fields() -> None:
    """Blank values, missing sections and words in place of numbers lose nothing else."""
    info = read_info(
        "# Server\r\nredis_version:7.1.0\r\nrun_id:\r\nexecutable:\r\nmaxmemory:\r\nused_memory:5\r\nmem_fragmentation_ratio:-nan\r\n"
    )
    assert values(info) == {("used_memory", ()): 5.0}
    assert "run_id" not in info.state


def test_statuses_are_numbers_and_strings() -> None:
    """A failed save is 0 as a number and `err` as a string."""
    info = read_info("rdb_last_bgsave_status:err\r\nmaster_link_status:up\r\n")
    assert values(info) == {("rdb_last_bgsave_status", ()): 0.0, ("master_link_status", ()): 1.0}
    assert info.state["rdb_last_bgsave_status"] == "err"


def test_percentages_keep_their_scale() -> None:
    """A percentage stays one, and its unit says so."""
    assert read_info("used_memory_dataset_perc:99.45%\r\n").samples == (
        Sample("used_memory_dataset_perc", 99.45, Kind.GAUGE, "percent"),
    )


def test_an_error_name_may_hold_a_colon() -> None:
    """Errors raised by scripts are named by whatever they say."""
    assert read_info("errorstat_MY:ERR:count=2\r\n").samples == (
        Sample("errorstat_count", 2.0, Kind.COUNTER, "1", (("error", "MY:ERR"),)),
    )


LINES = st.one_of(
    st.text(max_size=40),
    st.builds(
        "{}:{}".format,
        st.sampled_from(["db0", "slave1", "cmdstat_get", "io_thread_2", "used_memory", "engine_0", "x"]),
        st.text(max_size=30),
    ),
    st.builds("cmdstat_{}:calls={},usec={}".format, st.text(max_size=5), st.text(max_size=5), st.floats()),
)


@given(st.lists(LINES, max_size=20))
def test_any_text_is_read_without_an_error_and_gives_finite_numbers(lines: list[str]) -> None:
    """No reply makes the reader fail, and no sample is infinite or not a number."""
    info = read_info("\r\n".join(lines).encode("utf-8", "replace"))
    assert all(s.value - s.value == 0.0 for s in info.samples)


@given(st.sampled_from(SERVERS), st.integers(0, 9000), st.integers(0, 200))
def test_a_reply_with_a_hole_is_read(server: str, at: int, size: int) -> None:
    """A reply cut anywhere loses only the lines that were cut."""
    whole = reply(server, "info")
    info = read_info(whole[:at] + whole[at + size :])
    assert len(info.samples) >= len(read_info(whole).samples) - size - 2
