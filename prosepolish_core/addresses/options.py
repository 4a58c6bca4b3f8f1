"""Options of an address by a table: taken with a checked value, ignored and told, or refused. Spelling is forgiven."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import ConfigError
from .parts import shown

#: Reads the value of an option; raises ConfigError with the rest of a sentence that begins with the option's name.
Reader = Callable[[str], Any]


def folded(name: str) -> str:
    """The name as the tables spell it: `connectionLimit`, `connection-limit` and `connection_limit` are one."""
    return name.lower().replace("_", "").replace("-", "")


def names(*groups: str) -> frozenset[str]:
    """Folded names, written as lines of words."""
    return frozenset(name for group in groups for name in group.split())


def sorted_out(
    given: Iterable[tuple[str, str]], known: Mapping[str, tuple[str, Reader]], ignored: frozenset[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Options under the names their driver knows, and the names of those that are ignored.

    Raises ConfigError for any other.

    `known` and `ignored` are keyed by folded names.
    """
    taken: dict[str, Any] = {}
    passed_over = []
    for name, value in given:
        key = folded(name)
        if key in known:
            own, read = known[key]
            try:
                found = read(value)
            except ConfigError as error:
                raise ConfigError(f"its option {shown(name)} {error}") from None
            if taken.setdefault(own, found) != found:
                raise ConfigError(f"it says {shown(own)} twice, and not the same")
        elif key in ignored:
            passed_over.append(shown(name))
        else:
            raise ConfigError(f"its option {shown(name)} is not known here; remove it (docs/operations.md lists the known ones)")
    return taken, tuple(dict.fromkeys(passed_over))


def text(value: str) -> str:
    """Any text but none, and without control characters."""
    if not value or any(ord(character) < 32 or character == "\x7f" for character in value):
        raise ConfigError("needs a value without control characters")
    return value


def whole(least: int, most: int) -> Reader:
    """A whole number in a range."""

    def read(value: str) -> int:
        if not (value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most):
            raise ConfigError(f"must be a whole number from {least} to {most}")
        return int(value)

    return read


def one_of(*words: str, **others: str) -> Reader:
    """One of some words, in any case; `others` maps what else is written for them."""
    meant = {word: word for word in words} | others

    def read(value: str) -> str:
        if (found := meant.get(value.lower())) is None:
            raise ConfigError(f"must be one of {', '.join(words)}")
        return found

    return read


TRUTHS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def truth(value: str) -> bool:
    """Yes or no, as people write it."""
    if (found := TRUTHS.get(value.lower())) is None:
        raise ConfigError("must be true or false")
    return found
