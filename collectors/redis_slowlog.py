"""redis_slowlog: new slow (and, on Valkey, large) commands without their arguments,
each once, with a note of what was lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prosepolish_core.errors import NoAnswer, SourceUnreadable
from prosepolish_core.model.sample import Kind, Labels, Sample, SlowCommand
from prosepolish_core.watch.redis_info.info_reply import read_info
from prosepolish_core.watch.redis_info.slowlog import read_slowlog

from .reading import ObservedServer, ScheduledRead, SourceReply, lacking

NAME = "redis_slowlog"
MOST = 128
C = Kind.COUNTER
#: Valkey's further logs, and the prefix of their metrics.
LARGE = {"large-request": "commandlog_large_request", "large-reply": "commandlog_large_reply"}
COMMANDS = (
    ("SLOWLOG", "GET", MOST),
    ("SLOWLOG", "LEN"),
    ("INFO", "server"),
    *(("COMMANDLOG", "GET", MOST, log) for log in LARGE),
    *(("COMMANDLOG", "LEN", log) for log in LARGE),
)


@dataclass(slots=True)
class _Log:
    """How far one log was read."""

    last: int | None = None
    last_s: float = 0.0
    seen: int = 0
    missed: int = 0


@dataclass(slots=True)
class _Memory:
    run_id: str = ""
    logs: dict[str, _Log] = field(default_factory=lambda: {log: _Log() for log in ("slow", *LARGE)})


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """Entries newer than the last one seen of this server process; the rings are never reset."""
    replies = instance.observer.ask_all(NAME, COMMANDS, timeout_s=entry.timeout_s)
    slow, length, info, *large = replies
    # Only Valkey has the further logs: a server without them lacks nothing.
    missing = [fault for fault in lacking(replies) if fault not in large or isinstance(fault, SourceUnreadable)]
    state = {} if isinstance(info, NoAnswer) else read_info(info).state
    run_id = state.get("run_id", "")
    memory: _Memory = instance.memory.setdefault(NAME, _Memory(run_id))
    if memory.run_id != run_id:
        memory.run_id = run_id
        for kept in memory.logs.values():
            kept.last = None
    found: list[SlowCommand] = []
    samples = [Sample("slowlog_length", float(length))] if isinstance(length, int) else []
    readable = not isinstance(slow, NoAnswer)
    samples.append(Sample("slowlog_readable", float(readable)))
    if readable:  # it shows arguments, so the collectors' user need not have the right
        found = _take(slow, "slow", memory, missing)
        of_slow = memory.logs["slow"]
        samples += [
            *_counts(memory, "slow", ()),
            Sample("slowlog_longest_seconds", max((e.duration_s for e in found), default=0.0), unit="seconds"),
            Sample("slowlog_last_id", float(of_slow.last or 0)),
            Sample("slowlog_last_duration_seconds", of_slow.last_s, unit="seconds"),
        ]
    for (log, prefix), entries, number in zip(LARGE.items(), large[:2], large[2:], strict=True):
        if not isinstance(entries, NoAnswer):
            found += _take(entries, log, memory, missing)
            samples += _counts(memory, log, (("log", log),))
        if isinstance(number, int):
            samples.append(Sample(f"{prefix}_length", float(number)))
    return SourceReply(tuple(samples), {"run_id": run_id} if run_id else {}, slow=tuple(found), missing=tuple(missing))


def _take(reply: Any, name: str, memory: _Memory, missing: list[NoAnswer]) -> list[SlowCommand]:
    """What is new in one log. Entries that cannot be read are told; the others are kept."""
    log = memory.logs[name]
    found = read_slowlog(reply, log.last, name)
    if not found.whole:
        missing.append(SourceUnreadable("slowlog|get" if name == "slow" else f"commandlog|get {name}"))
    log.seen += len(found.entries)
    log.missed += found.missed
    if found.entries:
        log.last, log.last_s = found.entries[-1].id, found.entries[-1].duration_s
    return list(found.entries)


def _counts(memory: _Memory, name: str, labels: Labels) -> Sequence[Sample]:
    log = memory.logs[name]
    return (
        Sample("slowlog_seen", float(log.seen), C, labels=labels),
        Sample("slowlog_missed", float(log.missed), C, labels=labels),
    )
