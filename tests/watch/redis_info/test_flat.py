"""MEMORY STATS, CONFIG GET and CLUSTER INFO."""

import pytest

from prosepolish_core.model.sample import Kind
from prosepolish_core.watch.redis_info.flat import (
    CONFIG,
    MOST_NODES,
    read_cluster_info,
    read_cluster_nodes,
    read_config,
    read_memory_stats,
)

from .recorded import SERVERS, reply


@pytest.mark.parametrize("server", SERVERS)
def test_both_protocols_say_the_same_names(server: str) -> None:
    """Flat arrays and maps give the same series, per-database parts by label."""
    names = [{(s.metric, s.labels) for s in read_memory_stats(reply(server, "memory_stats", p))} for p in ("resp2", "resp3")]
    assert names[0] == names[1]
    assert ("memory_stats_keys_count", ()) in names[0]
    assert ("memory_stats_db_overhead_hashtable_main", (("db", "3"),)) in names[0]


def test_settings_are_numbers_and_strings() -> None:
    """A numeric setting is a sample; every setting is a string."""
    samples, strings = read_config([[b"maxmemory", b"100"], {b"maxmemory-policy": b"allkeys-lru"}, []])
    assert [(s.metric, s.value, s.unit) for s in samples] == [("config_maxmemory", 100.0, "bytes")]
    assert strings == {"config.maxmemory": "100", "config.maxmemory-policy": "allkeys-lru"}


def test_no_pattern_and_no_secret_is_asked_for() -> None:
    """The list of settings holds no pattern and no parameter that is a secret."""
    assert not [name for name in CONFIG if set(name) & set("*?[") or "pass" in name or "auth" in name or "user" in name]


def test_slots_in_ranges_alone_and_on_their_way_are_counted_once() -> None:
    """A node's slots add up from ranges and single ones;
    a slot being moved belongs to its owner; a lost node is not up.
    """
    samples, strings = read_cluster_nodes(
        "aa 10.0.0.1:6379@16379,host myself,master - 0 0 1 connected 0-99 105 [105->-bb]\n"
        "bb 10.0.0.2:6379@16379 slave aa 0 0 1 connected\n"
        "cc :0@0 master,fail,noaddr - 0 0 1 disconnected\n"
    )
    found = {(s.metric, dict(s.labels).get("node")): s.value for s in samples}
    assert found["cluster_node_slots", "10.0.0.1:6379"] == 101.0
    assert (found["cluster_node_up", "10.0.0.2:6379"], found["cluster_node_up", ":0"]) == (1.0, 0.0)
    assert (found["cluster_primaries", None], found["cluster_replicas", None], found["cluster_nodes_lost", None]) == (2.0, 1.0, 1.0)
    assert strings["cluster.10.0.0.2:6379"] == "replica"


def test_a_huge_cluster_is_counted_whole_and_named_in_part() -> None:
    """A thousand nodes make a bounded number of series and a true count."""
    lines = "\n".join(f"{n} 10.0.{n // 256}.{n % 256}:1@2 master - 0 0 1 connected {n}" for n in range(1000))
    samples, strings = read_cluster_nodes(lines)
    assert len(strings) == MOST_NODES
    assert {s.metric: s.value for s in samples}["cluster_primaries"] == 1000.0


def test_the_cluster_tells_its_state() -> None:
    """A cluster that is not ok is 0."""
    samples, strings = read_cluster_info(b"cluster_state:fail\r\ncluster_slots_assigned:16384\r\ncluster_stats_messages_sent:7\r\n")
    found = {"cluster_state": 0.0, "cluster_slots_assigned": 16384.0, "cluster_stats_messages_sent": 7.0}
    assert {s.metric: s.value for s in samples} == found
    assert [s.metric for s in samples if s.kind is Kind.COUNTER] == ["cluster_stats_messages_sent"]
    assert strings == {"cluster_state": "fail"}
