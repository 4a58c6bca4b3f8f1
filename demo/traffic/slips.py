"""Slips of the keyboard: a word as a hurried writer types it."""

import random

#: Keys beside each other.
NEIGHBOURS = {"a": "s", "e": "r", "i": "o", "o": "p", "n": "m", "t": "r", "s": "d", "r": "t", "l": "k", "u": "y", "d": "f"}


def misspell(word: str, source: random.Random) -> str:
    """The word with one slip in it, never at its first letter; words of three letters or fewer stay as they are."""
    if len(word) < 4:
        return word
    at = source.randrange(1, len(word) - 1)
    match source.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + word[at] + word[at:]
        case 2:
            return word[:at] + NEIGHBOURS.get(word[at], word[at] * 2) + word[at + 1 :]
        case _:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
