"""redis_clients: who is connected, grouped by name, user and library."""

from prosepolish_core.errors import SourceUnreadable
from prosepolish_core.watch.redis_info.clients import read_clients

from .reading import ObservedServer, ScheduledRead, SourceReply

NAME = "redis_clients"


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """CLIENT LIST, grouped. We are connected ourselves: a list without anybody is none."""
    samples = read_clients(instance.observer.ask(NAME, "CLIENT", "LIST", timeout_s=entry.timeout_s))
    if not any(sample.metric == "clients" for sample in samples):
        raise SourceUnreadable("client|list")
    return SourceReply(samples)
