"""redis_config: a short list of settings, because verdicts depend on them,
from whatever source may be asked for them.
"""

from prosepolish_core.errors import NoAnswer, SourceRefused
from prosepolish_core.watch.redis_info.flat import CONFIG, read_config
from prosepolish_core.watch.redis_info.settings import answered, told_by_info

from .reading import ObservedServer, ScheduledRead, SourceReply, lacking

NAME = "redis_config"


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """One CONFIG GET a parameter, all in one round trip: several at once are an error before 7.0.

    The collectors' printed rights hold no CONFIG GET. What INFO repeats, and what an administrator exported, stands in
    for it.
    """
    replies = instance.observer.ask_all(NAME, [("CONFIG", "GET", name) for name in CONFIG], timeout_s=entry.timeout_s)
    refused = [reply for reply in replies if isinstance(reply, SourceRefused)]
    missing = () if len(refused) == len(replies) else lacking(replies)
    found = answered(reply for reply in replies if not isinstance(reply, NoAnswer))
    if refused:
        found = instance.exported() | told_by_info(instance.observer.ask(NAME, "INFO", timeout_s=entry.timeout_s)) | found
    samples, strings = read_config([found])
    return SourceReply(
        samples, strings, detail="" if missing or not refused else f"config|get={refused[0].reason}", missing=missing
    )
