"""A text as looser keys see it: blanks and typography folded, sentence by sentence; only keyed hashes leave here."""

import re
from collections.abc import Callable

from .typography import fold

_FORMS = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "—": "-", "…": "..."})
_ENDS = re.compile(r"(?<=[.!?])\s+")
#: The family under which such records lie among the chunks of the access trace, and the kinds of records.
FAMILY = "near"
TEXT, SENTENCE = 0, 1
#: Sentences of one text that are told apart; the rest is one sentence.
MOST_SENTENCES = 60


def loosened(text: str) -> str:
    """Blanks and line breaks as single blanks, quotes, dashes and dots as keyboards have them."""
    return fold(" ".join(text.translate(_FORMS).split()))


def sentences(text: str) -> list[str]:
    """Of a loosened text."""
    return _ENDS.split(text, maxsplit=MOST_SENTENCES - 1)


def near_rows(text: str, number: Callable[[str], int]) -> list[tuple[int, int, int]]:
    """(hash, characters, kind): the text first, then its sentences. Hashes of the two kinds never meet."""
    loose = loosened(text)
    parts = sentences(loose)
    return [(number(f"text {loose}"), len(loose), TEXT), *((number(f"part {part}"), len(part), SENTENCE) for part in parts)]
