"""redis_ping: the round trip as a client sees it, from several PINGs on the kept connection and a nanosecond clock."""

import time
from statistics import median

from prosepolish_core.errors import SourceUnavailable
from prosepolish_core.model.sample import Sample

from .reading import ObservedServer, ScheduledRead, SourceReply

NAME = "redis_ping"
PINGS = 5


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """Min, median and max of a few pings, in seconds."""
    times: list[float] = []
    observer = instance.observer
    with observer.held(entry.timeout_s):
        observer.connect()  # a connection set up inside the first ping would be charged to the network
        for _ in range(2 * PINGS):
            opened, began = observer.opened, time.perf_counter_ns()
            observer.ask(NAME, "PING", timeout_s=entry.timeout_s)
            took_s = (time.perf_counter_ns() - began) / 1e9
            if observer.opened == opened:
                times.append(took_s)
            if len(times) == PINGS:
                break
    if not times:
        raise SourceUnavailable("hangs up after every command")
    return SourceReply(
        tuple(
            Sample("ping_rtt_seconds", value, unit="seconds", labels=(("stat", stat),))
            for stat, value in (("min", min(times)), ("median", median(times)), ("max", max(times)))
        )
    )
