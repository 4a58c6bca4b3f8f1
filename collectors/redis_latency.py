"""redis_latency: the server's own latency histograms and its latency monitor, in one round trip."""

from prosepolish_core.errors import NoAnswer
from prosepolish_core.watch.redis_info.latency import read_histogram, read_latest

from .reading import ObservedServer, ScheduledRead, SourceReply, lacking

NAME = "redis_latency"


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """Buckets of every command and the newest event of each kind;
    a server without one of them still gives the other.
    """
    histogram, latest = replies = instance.observer.ask_all(
        NAME, [("LATENCY", "HISTOGRAM"), ("LATENCY", "LATEST")], timeout_s=entry.timeout_s
    )
    missing = lacking(replies)
    samples = () if isinstance(histogram, NoAnswer) else read_histogram(histogram)
    return SourceReply(samples + (() if isinstance(latest, NoAnswer) else read_latest(latest)), missing=missing)
