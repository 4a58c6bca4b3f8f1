"""redis_topology: the cluster as this node sees it, what a sentinel watches;
of any other server, its role and primary.
"""

from prosepolish_core.errors import NoAnswer
from prosepolish_core.model.sample import Sample
from prosepolish_core.watch.redis_info.flat import read_cluster_info, read_cluster_nodes
from prosepolish_core.watch.redis_info.info_reply import read_info

from .reading import ObservedServer, ScheduledRead, SourceReply, lacking

NAME = "redis_topology"
#: Asked one by one in one round trip: several sections at once are an error before 7.0.
SECTIONS = (("INFO", "server"), ("INFO", "cluster"), ("INFO", "replication"), ("INFO", "sentinel"))


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """CLUSTER INFO and CLUSTER NODES where clustering is on, else the role and whom this server follows or watches."""
    observer = instance.observer
    replies = observer.ask_all(NAME, SECTIONS, timeout_s=entry.timeout_s)
    missing = lacking(replies)
    server, cluster, replication, sentinel = (read_info(b"" if isinstance(r, NoAnswer) else r) for r in replies)
    if any(sample.metric == "cluster_enabled" and sample.value == 1.0 for sample in cluster.samples):
        return _cluster(instance, entry, missing)
    if server.state.get("mode") == "sentinel":
        watched = {name: value for name, value in sentinel.state.items() if name.startswith("sentinel.")}
        return SourceReply(tuple(s for s in sentinel.samples if s.metric.startswith("sentinel_")), watched, missing=missing)
    role = replication.state.get("role")
    return SourceReply((Sample("role_primary", float(role == "master")),) if role else (), replication.state, missing=missing)


def _cluster(instance: ObservedServer, entry: ScheduledRead[ObservedServer], missing: tuple[NoAnswer, ...]) -> SourceReply:
    commands = (("CLUSTER", "INFO"), ("CLUSTER", "NODES"))
    info, nodes = replies = instance.observer.ask_all(NAME, commands, timeout_s=entry.timeout_s)
    missing += lacking(replies)
    samples, strings = read_cluster_info(b"" if isinstance(info, NoAnswer) else info)
    of_nodes, named = read_cluster_nodes(b"" if isinstance(nodes, NoAnswer) else nodes)
    return SourceReply(samples + (() if isinstance(nodes, NoAnswer) else of_nodes), strings | named, missing=missing)
