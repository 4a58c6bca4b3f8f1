"""Words: one fixed pipeline from what somebody typed to what is looked up."""

from unicodedata import category, normalize

from ..errors import InvalidWord

MOST_CHARACTERS = 64
MOST_BYTES = 256
#: Longer input is refused before any work is done on it; normalising shortens by far less than this allows for.
MOST_TYPED = 4 * MOST_BYTES
#: Invisible, yet part of correct spelling in several scripts.
JOINERS = frozenset("\u200c\u200d")
#: Control, format, surrogate, private, unassigned, line and paragraph separators.
REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def normalise(typed: str) -> str:
    """NFC, trim, casefold, NFC. Raises InvalidWord for what cannot be a word; normalising twice changes nothing."""
    if not isinstance(typed, str):
        raise InvalidWord("a word must be text")
    if len(typed) > MOST_TYPED:
        raise InvalidWord(f"a word has at most {MOST_CHARACTERS} characters")
    word = _fold(typed)
    if word.isascii() and word.isprintable() and 0 < len(word) <= MOST_CHARACTERS:
        return word
    return _checked(word)


def _fold(typed: str) -> str:
    """The pipeline. A few rare sequences fold to something that folds again, so it runs until nothing changes."""
    word = normalize("NFC", normalize("NFC", typed).strip().casefold())
    while (again := normalize("NFC", word.strip().casefold())) != word:
        word = again
    return word


def _checked(word: str) -> str:
    if not word:
        raise InvalidWord("a word must not be empty")
    if len(word) > MOST_CHARACTERS:
        raise InvalidWord(f"a word has at most {MOST_CHARACTERS} characters")
    if any(category(c) in REFUSED and c not in JOINERS for c in word):
        raise InvalidWord("a word must not contain control or invisible characters")
    if not word.strip("".join(JOINERS)):
        raise InvalidWord("a word must not be empty")
    if len(word.encode()) > MOST_BYTES:
        raise InvalidWord(f"a word has at most {MOST_BYTES} bytes")
    return word
