"""What each command may answer: a reply of another shape is no answer, whoever sends it."""

from collections.abc import Callable, Sequence
from typing import Any

#: More than a server has of anything; such a number is a wrapped or an invented one.
MOST = 2**53


def is_text(reply: Any) -> bool:
    return isinstance(reply, bytes | str)


def is_count(reply: Any) -> bool:
    """A number of things."""
    return type(reply) is int and 0 <= reply < MOST


def is_pairs(reply: Any) -> bool:
    """Names and values: a map, or the flat array that an older protocol makes of it."""
    return isinstance(reply, dict) or (isinstance(reply, list) and len(reply) % 2 == 0)


def is_rows(reply: Any) -> bool:
    """A list of lists. Rows of another shape among them cost only themselves."""
    return isinstance(reply, list) and (not reply or any(isinstance(row, list) for row in reply))


def is_page(reply: Any) -> bool:
    """What SCAN gives: where to go on, and keys."""
    if not isinstance(reply, list) or len(reply) != 2:
        return False
    cursor, keys = reply
    known = type(cursor) is int or (isinstance(cursor, bytes) and cursor.isdigit() and len(cursor) <= 20)
    return known and isinstance(keys, list) and all(isinstance(key, bytes) for key in keys)


def is_size(reply: Any) -> bool:
    """The bytes of a key; nothing where the key has vanished."""
    return reply is None or is_count(reply)


def is_rest_of_life(reply: Any) -> bool:
    """Milliseconds; -1 for a key without an end, -2 for a key that has vanished."""
    return type(reply) is int and -2 <= reply < 2**63


#: By the command's name as commandstats has it. A command that is not here may answer anything.
SHAPES: dict[str, Callable[[Any], bool]] = {
    "ping": is_text,
    "info": is_text,
    "client|list": is_text,
    "cluster|info": is_text,
    "cluster|nodes": is_text,
    "config|get": is_pairs,
    "memory|stats": is_pairs,
    "latency|histogram": is_pairs,
    "latency|latest": is_rows,
    "slowlog|get": is_rows,
    "commandlog|get": is_rows,
    "slowlog|len": is_count,
    "commandlog|len": is_count,
    "dbsize": is_count,
    "scan": is_page,
    "memory|usage": is_size,
    "pttl": is_rest_of_life,
}
CONTAINERS = frozenset({"config", "latency", "slowlog", "commandlog", "client", "memory", "cluster", "sentinel", "acl"})
#: Commands of which a server may run one form and refuse another.
_FORMS = frozenset({"info", "config|get", "commandlog|get", "commandlog|len"})


def command_name(command: Sequence[str | int | bytes]) -> str:
    """The name commandstats uses: lower case, with the subcommand of container commands."""
    first = str(command[0]).lower()
    return f"{first}|{str(command[1]).lower()}" if first in CONTAINERS and len(command) > 1 else first


def question(command: Sequence[str | int | bytes]) -> str:
    """What a refusal is remembered by: the command, and its last word where a server may run another form of it.

    Keys, cursors and numbers are no part of that.
    """
    name = command_name(command)
    last = command[-1]
    return f"{name} {last.lower()}" if name in _FORMS and isinstance(last, str) and len(command) > 1 + ("|" in name) else name
