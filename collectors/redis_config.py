"""redis_config: a short list of settings, because verdicts depend on them."""

from prosepolish_core.errors import NoAnswer
from prosepolish_core.watch.redis_info.flat import CONFIG, read_config

from .reading import ObservedServer, ScheduledRead, SourceReply, lacking

NAME = "redis_config"


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """One CONFIG GET a parameter, all in one round trip: several at once are an error before 7.0."""
    replies = instance.observer.ask_all(NAME, [("CONFIG", "GET", name) for name in CONFIG], timeout_s=entry.timeout_s)
    missing = lacking(replies)
    samples, strings = read_config([reply for reply in replies if not isinstance(reply, NoAnswer)])
    return SourceReply(samples, strings, missing=missing)
