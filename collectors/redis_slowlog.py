"""redis_slowlog: new slow commands without their arguments, each once, with a note of what the ring lost in between."""

from prosepolish_core.errors import SourceRefused
from prosepolish_core.model.sample import Kind, Sample
from prosepolish_core.redis_info.info_reply import read_info
from prosepolish_core.redis_info.slowlog import read_slowlog

from .reading import Entry, Found, Instance, all_refused

NAME = "redis_slowlog"
MOST = 128
C = Kind.COUNTER
COMMANDS = (
    ("SLOWLOG", "GET", MOST),
    ("SLOWLOG", "LEN"),
    ("INFO", "server"),
    ("COMMANDLOG", "LEN", "large-request"),
    ("COMMANDLOG", "LEN", "large-reply"),
)


def read(instance: Instance, entry: Entry[Instance]) -> Found:
    """Entries newer than the last one seen of this server process; the ring is never reset."""
    replies = instance.observer.ask_all(NAME, COMMANDS, timeout_s=entry.timeout_s)
    log, length, info, requests, answers = replies
    missing = all_refused(replies[:3], ("slowlog|get", "slowlog|len", "info"))
    if isinstance(log, SourceRefused):
        raise log
    state = {} if isinstance(info, SourceRefused) else read_info(info).state
    run_id = state.get("run_id", "")
    memory = instance.memory.setdefault(NAME, {"run_id": run_id, "last": None, "seen": 0, "missed": 0, "last_s": 0.0})
    if memory["run_id"] != run_id:
        memory.update(run_id=run_id, last=None)
    found = read_slowlog(log, memory["last"])
    memory["seen"] += len(found.entries)
    memory["missed"] += found.missed
    if found.entries:
        memory["last"] = found.entries[-1].id
        memory["last_s"] = found.entries[-1].duration_s
    samples = [
        Sample("slowlog_seen", float(memory["seen"]), C),
        Sample("slowlog_missed", float(memory["missed"]), C),
        Sample("slowlog_longest_seconds", max((e.duration_s for e in found.entries), default=0.0), unit="seconds"),
    ]
    samples.append(Sample("slowlog_last_id", float(memory["last"] or 0)))
    samples.append(Sample("slowlog_last_duration_seconds", memory["last_s"], unit="seconds"))
    for metric, reply in (
        ("slowlog_length", length),
        ("commandlog_large_request_length", requests),
        ("commandlog_large_reply_length", answers),
    ):
        if isinstance(reply, int):
            samples.append(Sample(metric, float(reply)))
    return Found(tuple(samples), {"run_id": run_id} if run_id else {}, missing, found.entries)
