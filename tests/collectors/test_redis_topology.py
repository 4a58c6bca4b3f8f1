"""Topology of real groups: a cluster of three primaries, and a sentinel with a primary and a replica."""

import pytest
import redis

from collectors import redis_info, redis_topology
from collectors.reading import ObservedServer, ScheduledRead, read_once
from collectors.schedule import REDIS
from prosepolish_core.model.sample import Run, RunOutcome
from prosepolish_core.watch.redis_info.redis_observer import Observer
from tests.support.redis_groups import SLOTS, cluster, sentinel, until

pytestmark = pytest.mark.live
ENTRY: ScheduledRead[ObservedServer] = ScheduledRead(redis_topology.NAME, "", redis_topology.read)


def watch(port: int, source: str = "cache") -> ObservedServer:
    """An observed server."""
    return ObservedServer(source, Observer(f"redis://127.0.0.1:{port}/0"))


def labelled(run: Run, metric: str, label: str) -> dict[str, float]:
    """A metric's values by one of its labels."""
    return {dict(s.labels)[label]: s.value for s in run.samples if s.metric == metric}


def plain(run: Run) -> dict[str, float]:
    """Unlabelled samples."""
    return {s.metric: s.value for s in run.samples if not s.labels}


def test_a_cluster_is_seen_node_by_node_and_a_lost_node_is_told() -> None:
    """Three primaries share all slots;
    when one dies the state and the node say so, and no collector crashes on any of them.
    """
    with cluster() as nodes:
        seen = watch(nodes[0].port)
        run = read_once(ENTRY, seen, 1)
        assert (run.outcome, run.detail) == (RunOutcome.OK, "")
        addresses = {f"127.0.0.1:{node.port}" for node in nodes}
        assert labelled(run, "cluster_node_up", "node") == dict.fromkeys(addresses, 1.0)
        assert sum(labelled(run, "cluster_node_slots", "node").values()) == SLOTS
        assert plain(run).items() >= {"cluster_state": 1.0, "cluster_primaries": 3.0, "cluster_nodes_lost": 0.0}.items()
        assert {run.state[f"cluster.{address}"] for address in addresses} == {"primary"}
        assert {read_once(entry, seen, 1).outcome for entry in REDIS} == {RunOutcome.OK}
        dead = nodes[2].port
        nodes[2].terminate()
        until(lambda: plain(read_once(ENTRY, seen, 2))["cluster_nodes_lost"] == 1.0)
        until(lambda: plain(read_once(ENTRY, seen, 3))["cluster_state"] == 0.0)
        assert labelled(read_once(ENTRY, seen, 4), "cluster_node_up", "node")[f"127.0.0.1:{dead}"] == 0.0
        seen.observer.close()


def test_a_sentinel_tells_what_it_watches_and_a_replica_whom_it_follows() -> None:
    """The watched primary is named with its address; the roles are right;
    what a sentinel does not know stops nothing else.
    """
    with sentinel("words") as (port, primary, replica):
        seen = watch(port, "sentinel")
        run = read_once(ENTRY, seen, 1)
        assert run.outcome is RunOutcome.OK
        assert labelled(run, "sentinel_primary_ok", "primary") == {"words": 1.0}
        assert labelled(run, "sentinel_primary_replicas", "primary") == {"words": 1.0}
        assert plain(run)["sentinel_masters"] == 1.0
        assert run.state["sentinel.words"] == f"127.0.0.1:{primary.port} ok"
        whole = read_once(ScheduledRead(redis_info.NAME, "", redis_info.read), seen, 1)
        assert (whole.outcome, whole.state["mode"]) == (RunOutcome.OK, "sentinel")
        assert "unknown_fields" not in whole.state
        outcomes = {entry.name: read_once(entry, seen, 1).outcome for entry in REDIS}
        assert outcomes["redis_census"] is RunOutcome.REFUSED
        assert outcomes["redis_info"] is outcomes["redis_ping"] is outcomes["redis_topology"] is RunOutcome.OK
        assert seen.observer.refusals["dbsize"].reason == "unknown_command"
        roles = {}
        for server in (primary, replica):
            one = watch(server.port)
            found = read_once(ENTRY, one, 1)
            roles[server.port] = (plain(found)["role_primary"], found.state.get("master_port"))
            one.observer.close()
        assert roles == {primary.port: (1.0, None), replica.port: (0.0, str(primary.port))}
        with redis.Redis(port=port) as client:
            client.execute_command("SENTINEL", "FAILOVER", "words")
        until(lambda: read_once(ENTRY, seen, 2).state["sentinel.words"].startswith(f"127.0.0.1:{replica.port} "))
        seen.observer.close()
