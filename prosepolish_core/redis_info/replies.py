"""Shapes of replies: RESP2's flat arrays and RESP3's maps read alike, bytes as text."""

from collections.abc import Iterator
from typing import Any


def text(value: Any) -> str:
    """A reply's string; bytes that are no UTF-8 keep their place as replacement characters."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def pairs(reply: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of a map, or of the flat array that an older protocol makes of it."""
    if isinstance(reply, dict):
        for name, value in reply.items():
            yield text(name), value
    elif isinstance(reply, list | tuple):
        for at in range(0, len(reply) - 1, 2):
            yield text(reply[at]), reply[at + 1]


def number(value: Any) -> float | None:
    """The value as a finite number, or None."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found - found == 0.0 else None
