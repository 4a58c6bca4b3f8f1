"""redis_topology: the cluster as this node sees it; of a server outside a cluster, its role and primary."""

from prosepolish_core.model.sample import Sample
from prosepolish_core.redis_info.flat import read_cluster_info
from prosepolish_core.redis_info.info_reply import read_info

from .reading import Entry, Found, Instance

NAME = "redis_topology"


def read(instance: Instance, entry: Entry[Instance]) -> Found:
    """CLUSTER INFO where clustering is on, else the role and whom this server follows."""
    observer = instance.observer
    cluster = read_info(observer.ask(NAME, "INFO", "cluster", timeout_s=entry.timeout_s))
    if any(sample.metric == "cluster_enabled" and sample.value == 1.0 for sample in cluster.samples):
        samples, strings = read_cluster_info(observer.ask(NAME, "CLUSTER", "INFO", timeout_s=entry.timeout_s))
        return Found(samples, strings)
    replication = read_info(observer.ask(NAME, "INFO", "replication", timeout_s=entry.timeout_s))
    primary = float(replication.state.get("role") == "master")
    return Found((Sample("role_primary", primary),), replication.state)
