"""SLOWLOG GET and COMMANDLOG GET: commands without their arguments,
and how many fell out of the ring between two readings.
"""

import re
from typing import Any, NamedTuple

from ...model.outcome import Family
from ...model.sample import SlowCommand
from .flat import text
from .reply_shapes import is_count

#: The last second of the year 2100, and more microseconds or bytes than any command takes.
LAST_S, MOST_AMOUNT = 4_133_980_799, 2**50
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
#: Commands whose second word is a subcommand and no argument.
CONTAINERS = frozenset(
    {"config", "client", "cluster", "memory", "latency", "slowlog", "object", "xgroup", "xinfo", "acl", "script"}
)
_FAMILIES = frozenset(family.value for family in Family)


class Slowlog(NamedTuple):
    """New entries, oldest first; how many ids were never seen, and whether every entry could be read."""

    entries: tuple[SlowCommand, ...]
    missed: int
    whole: bool = True


def read_slowlog(reply: Any, last_id: int | None, log: str = "slow") -> Slowlog:
    """Entries of one log newer than `last_id` (None: all there are; then nothing counts as missed)."""
    rows = reply if isinstance(reply, list) else [None]
    read = [_entry(row, log) if isinstance(row, list) and len(row) >= 4 else None for row in rows]
    entries = sorted(filter(None, read), key=lambda entry: entry.id)
    whole = None not in read
    newest = entries[-1].id if entries else -1
    if last_id is None or newest < last_id:  # the first reading, or a server that began to count again
        return Slowlog(tuple(entries), 0, whole)
    new = tuple(entry for entry in entries if entry.id > last_id)
    return Slowlog(new, max(0, new[0].id - last_id - 1) if new and whole else 0, whole)


def _entry(row: list[Any], log: str) -> SlowCommand | None:
    id_, at, amount = row[0], _second(row[1]), row[2]
    if not (is_count(id_) and at and is_count(amount) and amount <= MOST_AMOUNT):
        return None
    words = [text(word) for word in row[3]] if isinstance(row[3], list) else []
    client = text(row[5]) if len(row) > 5 else ""
    duration_s, size = (amount / 1e6, 0) if log == "slow" else (0.0, amount)
    return SlowCommand(id_, at, duration_s, *redacted(words), client[:80], log, size)


def _second(at: Any) -> int | None:
    """An instant in whole seconds; Pika tells it in microseconds. What lies beyond the year 2100 is none."""
    if not is_count(at):
        return None
    second: int = at if at <= LAST_S else at // 1_000_000
    return second if second <= LAST_S else None


def redacted(words: list[str]) -> tuple[str, int, str]:
    """(command, number of arguments, key family) of a command's words.

    No argument's text is kept: they are people's data.
    """
    first = words[0].lower() if words else ""
    if not _NAME.fullmatch(first):
        return "(unreadable)", max(0, len(words) - 1), ""
    arguments = words[1:]
    if first in CONTAINERS and arguments and _NAME.fullmatch(arguments[0]):
        return f"{first}|{arguments[0].lower()}", len(arguments) - 1, ""
    prefix = arguments[0].partition(":")[0] if arguments else ""
    return first, len(arguments), prefix if prefix in _FAMILIES else ""
