"""Words: one fixed pipeline from what somebody typed to how it is spelt (what upstreams are asked) and to its key."""

import re
from unicodedata import category

from ..errors import InvalidWord
from .typography import fold

MOST_CHARACTERS = 64
MOST_BYTES = 256
#: Longer input is refused before any work is done on it; normalising shortens by far less than this allows for.
MOST_TYPED = 4 * MOST_BYTES
#: Invisible, yet part of correct spelling in several scripts.
JOINERS = frozenset("\u200c\u200d")
#: Control, format, surrogate, private, unassigned, line and paragraph separators.
REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Signs that are in no word of any dictionary: of mathematics, money, drawing (emoji), brackets, dashes, quotation
#: marks.
SIGNS = frozenset({"Sm", "Sc", "So", "Sk", "Ps", "Pe", "Pi", "Pf", "Pd", "Pc"})
#: What words have beside letters and digits: can't, ice-cream, e.g., and/or, AT&T, C++, C#, 100%.
BESIDE = frozenset("-'.,&/+#!?:%·")
#: Begun like a heading or a comment, an address, or a statement to a database: data that somebody pasted.
NO_WORD = re.compile(
    r"^[#/]|//|--|^www\.|\b(?:select\b.*\bfrom|insert into|delete from|drop (?:table|database)|union(?: all)? select"
    r"|update\b.*\bset|(?:alter|create|truncate) table|or 1)\b"
)


def spelled(typed: str) -> str:
    """The word as an upstream is asked for it: one form for what typesetting varies, case kept. Raises InvalidWord."""
    if not isinstance(typed, str):
        raise InvalidWord("a word must be text")
    if len(typed) > MOST_TYPED:
        raise InvalidWord(f"a word has at most {MOST_CHARACTERS} characters")
    word = fold(typed)
    _checked(_key(word))
    return word


def normalise(typed: str) -> str:
    """The word's key: its spelling in small letters.

    Raises InvalidWord for what cannot be a word; twice changes nothing.
    """
    return _key(spelled(typed))


def _key(word: str) -> str:
    """A few rare sequences fold to something that folds again, so it runs until nothing changes."""
    while (again := fold(word.casefold())) != word:
        word = again
    return word


def _checked(word: str) -> None:
    if not word:
        raise InvalidWord("a word must not be empty")
    if len(word) > MOST_CHARACTERS:
        raise InvalidWord(f"a word has at most {MOST_CHARACTERS} characters")
    kinds = {c: category(c) for c in word}
    if any(kind in REFUSED and c not in JOINERS for c, kind in kinds.items()):
        raise InvalidWord("a word must not contain control or invisible characters")
    if not word.strip("".join(JOINERS)):
        raise InvalidWord("a word must not be empty")
    if len(word.encode()) > MOST_BYTES:
        raise InvalidWord(f"a word has at most {MOST_BYTES} bytes")
    if not any(kind[0] in "LN" for kind in kinds.values()):
        raise InvalidWord("a word has at least one letter or digit; look up emoji and signs by their names")
    odd = sorted(c for c, kind in kinds.items() if c not in BESIDE and (kind in SIGNS or (c.isascii() and kind[0] in "PS")))
    if odd or NO_WORD.search(word):
        raise InvalidWord("this is markup, code or an address, not a word; give one word or set phrase")
