"""Which words of an answer come from the text, and which words of the text are still in the answer.

Linear in their number.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .spoken_forms import FORMS
from .typed_words import Word, unspaced
from .word_likeness import likeness

#: A word is looked for at its place, scaled by the lengths, and so many words before and behind.
REACH = 10
#: A word of this many letters may also stand inside others: blanks are forgotten, and typed where none belong.
INSIDE = 3
LONGEST_SHORT_FORM = 5
ENOUGH = 0.7


class KeptWords(NamedTuple):
    """For each word from 0 (new, or lost) to 1."""

    of_answer: list[float]
    of_text: list[float]


def kept(text: Sequence[Word], answer: Sequence[Word]) -> KeptWords:
    """Compare both ways."""
    typed, corrected = [w.plain for w in text], [w.plain for w in answer]
    memory: dict[tuple[str, str], float] = {}

    def alike(word: str, other: str) -> float:
        if (word, other) not in memory:
            memory[word, other] = likeness(word, other)
        return memory[word, other]

    of_answer = [_best(word, near, alike) for word, near in _windows(corrected, spelled_out(text))]
    of_text = [_best(word, near, lambda one, other: alike(other, one)) for word, near in _windows(typed, corrected)]
    _split(corrected, typed, of_answer, alike)
    _split(typed, corrected, of_text, lambda one, other: alike(other, one))
    _respelt(typed, corrected, of_answer, of_text)
    there = set(corrected)
    for place, word in enumerate(typed):
        if of_text[place] < 1 and any(form in there for form in FORMS.get(word, "").split()):
            of_text[place] = 1.0
    _initials(typed, corrected, of_answer, of_text)
    return KeptWords(of_answer, of_text)


def spelled_out(words: Sequence[Word]) -> list[str]:
    """The words, each followed by what it may be short for."""
    return [form for word in words for form in (word.plain, *FORMS.get(word.plain, "").split())]


def _windows(words: Sequence[str], others: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    scale = len(others) / len(words)
    centres = [int((place + 0.5) * scale) for place in range(len(words))]
    return [(word, others[max(0, centre - REACH) : centre + REACH + 1]) for word, centre in zip(words, centres, strict=True)]


def _best(word: str, near: Sequence[str], alike: Callable[[str, str], float]) -> float:
    """How alike the most similar word is, or two that stand together; the search ends at one that is alike ENOUGH."""
    if word in near:
        return 1.0
    if len(word) >= INSIDE and word in "".join(near):
        return 0.9
    best = 0.0
    middle = len(near) // 2
    for other in (*near[middle:], *near[:middle], *_pairs(near, 2 * len(word))):
        best = max(best, alike(word, other))
        if best >= ENOUGH:
            break
    return best


def _pairs(near: Sequence[str], longest: int) -> Iterator[str]:
    return (a + b for a, b in pairwise(near) if len(a) + len(b) <= longest)


def _split(words: Sequence[str], others: Sequence[str], shares: list[float], alike: Callable[[str, str], float]) -> None:
    """Two words that were one: `a lot` from `alto`."""
    windows = _windows(words, others)
    for place, (one, two) in enumerate(pairwise(words)):
        if min(shares[place : place + 2]) < ENOUGH and len(one) + len(two) > INSIDE:
            longest = 2 * (len(one) + len(two))
            found = max((alike(one + two, other) for other in windows[place][1] if len(other) <= longest), default=0.0)
            if found >= ENOUGH and found > max(shares[place : place + 2]):
                shares[place : place + 2] = [found, found]


def _respelt(typed: Sequence[str], corrected: Sequence[str], of_answer: list[float], of_text: list[float]) -> None:
    """Japanese in kana alone may get its characters: they count half, as nobody can tell here how they are read."""
    if not any(map(_kana, typed)) or not any(map(_kana, corrected)):
        return
    for place, character in enumerate(corrected):
        if not of_answer[place] and unspaced(character) and not _kana(character):
            of_answer[place] = 0.5
    if 0.5 in of_answer:
        for place, character in enumerate(typed):
            if not of_text[place] and _kana(character):
                of_text[place] = 0.5


def _kana(character: str) -> bool:
    return "\u3041" <= character <= "\u30ff"


def _initials(typed: Sequence[str], corrected: Sequence[str], of_answer: list[float], of_text: list[float]) -> None:
    """`idk` and `hru` are known by the first letters, or the sounds of letters,
    of the words that they were spelled out as.
    """
    for place, word in enumerate(typed):
        if of_text[place] < 1 and 2 <= len(word) <= LONGEST_SHORT_FORM:
            centre = place * len(corrected) // len(typed)
            for start in range(max(0, centre - REACH), min(centre + REACH, len(corrected) - len(word)) + 1):
                if all(map(_stands_for, word, corrected[start : start + len(word)])):
                    of_text[place] = 1.0
                    of_answer[start : start + len(word)] = [1.0] * len(word)
                    break


def _stands_for(letter: str, word: str) -> bool:
    return word[0] == letter or word in FORMS.get(letter, "").split()
