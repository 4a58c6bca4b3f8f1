"""SLOWLOG GET and COMMANDLOG GET: commands without their arguments, and how many fell out of the ring between two readings."""

import re
from typing import Any, NamedTuple

from ...model.outcome import Family
from ...model.sample import SlowCommand
from .flat import number, text

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
#: Commands whose second word is a subcommand and no argument.
CONTAINERS = frozenset(
    {"config", "client", "cluster", "memory", "latency", "slowlog", "object", "xgroup", "xinfo", "acl", "script"}
)
_FAMILIES = frozenset(family.value for family in Family)


class Slowlog(NamedTuple):
    """New entries, oldest first, and how many ids were never seen."""

    entries: tuple[SlowCommand, ...]
    missed: int


def read_slowlog(reply: Any, last_id: int | None, log: str = "slow") -> Slowlog:
    """Entries of one log newer than `last_id` (None: all there are; then nothing counts as missed)."""
    rows = [row for row in reply if isinstance(row, list | tuple) and len(row) >= 4] if isinstance(reply, list) else []
    entries = sorted(filter(None, (_entry(row, log) for row in rows)), key=lambda entry: entry.id)
    newest = entries[-1].id if entries else -1
    if last_id is None or newest < last_id:  # the first reading, or a server that began to count again
        return Slowlog(tuple(entries), 0)
    new = tuple(entry for entry in entries if entry.id > last_id)
    return Slowlog(new, new[0].id - last_id - 1 if new else 0)


def _entry(row: Any, log: str) -> SlowCommand | None:
    number_, at, amount = number(row[0]), number(row[1]), number(row[2])
    if number_ is None or at is None or amount is None:
        return None
    words = [text(word) for word in row[3]] if isinstance(row[3], list | tuple) else []
    client = text(row[5]) if len(row) > 5 else ""
    duration_s, size = (amount / 1e6, 0) if log == "slow" else (0.0, int(amount))
    return SlowCommand(int(number_), int(at), duration_s, *redacted(words), client[:80], log, size)


def redacted(words: list[str]) -> tuple[str, int, str]:
    """(command, number of arguments, key family) of a command's words. No argument's text is kept: they are people's data."""
    first = words[0].lower() if words else ""
    if not _NAME.fullmatch(first):
        return "(unreadable)", max(0, len(words) - 1), ""
    arguments = words[1:]
    if first in CONTAINERS and arguments and _NAME.fullmatch(arguments[0]):
        return f"{first}|{arguments[0].lower()}", len(arguments) - 1, ""
    prefix = arguments[0].partition(":")[0] if arguments else ""
    return first, len(arguments), prefix if prefix in _FAMILIES else ""
