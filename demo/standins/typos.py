"""A small real typo-fixing routine over the words the dictionary knows: what the Gemini stand-in corrects with."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from string import ascii_lowercase

from ..lexicon import Lexicon

WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
#: Endings that make a known word from a known stem: (ending, what the stem ends with instead).
ENDINGS = (
    ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ied", "y"), ("ing", ""), ("ing", "e"), ("ly", ""),
    ("er", ""), ("er", "e"), ("est", ""), ("est", "e"), ("ier", "y"), ("iest", "y"), ("ness", ""), ("'s", ""), ("s'", "s"),
)  # fmt: skip
#: Contractions are words too.
CONTRACTIONS = frozenset(
    f"{start}{end}"
    for ends, starts in (
        (("n't",), ("do", "does", "did", "ca", "could", "wo", "would", "is", "are", "was", "were", "have", "has", "should")),
        (("'s",), ("it", "that", "there", "he", "she", "what", "let")),
        (("'re", "'ve", "'ll", "'d", "'m"), ("we", "you", "they", "i")),
    )
    for end in ends
    for start in starts
)
#: A word this rare in the dictionary's own text is no word to correct towards.
COMMON = 2
#: Frequent slips that are words of the big dictionary, or further than one edit away.
SLIPS = {
    "teh": "the", "hte": "the", "adn": "and", "taht": "that", "definately": "definitely", "recieve": "receive",
    "alot": "a lot", "untill": "until", "wich": "which", "occured": "occurred", "thier": "their", "seperate": "separate",
}  # fmt: skip


class TypoFixer:
    """Corrects misspelt words, doubled words, doubled spaces and small initial letters;
    leaves what it does not know.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._counts = lexicon.frequencies
        self.fix_word = lru_cache(maxsize=20_000)(self._fix_word)

    def fix(self, text: str) -> str:
        """The corrected text. Correcting a corrected text changes nothing."""
        text = WORD.sub(lambda match: self._keep_case(match.group()), text)
        text = re.sub(r"\b([A-Za-z]+)(?: +\1\b)+", r"\1", text, flags=re.IGNORECASE)
        text = re.sub(r"(?<=\S) {2,}", " ", text)
        text = re.sub(r"\bi\b(?!\.)", "I", text)
        return re.sub(r"(^|[.!?] +)([a-z])", lambda m: m.group(1) + m.group(2).upper(), text)

    def knows(self, word: str) -> bool:
        """Whether the lower-case word is a headword, a regular form of one, or a contraction."""
        return word in self._lexicon or word in CONTRACTIONS or any(stem in self._lexicon for stem in _stems(word))

    def _fix_word(self, word: str) -> str:
        if word in SLIPS:
            return SLIPS[word]
        if len(word) < 3 or self.knows(word):
            return word
        for slip, least in SLIP_ORDER:
            found = max(slip(word), key=lambda w: (self._count(w), w), default=word)
            if self._count(found) >= least and self.knows(found):
                return found
        return word

    def _count(self, word: str) -> int:
        """How common the word is, in any of its forms."""
        return self._counts[word] + max((self._counts[stem] for stem in _stems(word)), default=0)

    def _keep_case(self, word: str) -> str:
        if word[0].isupper() and (not word[1:].islower() or (word.lower() not in SLIPS and self.knows(word.lower()))):
            return word
        fixed = self.fix_word(word.lower()) if word.islower() or word.lower() in SLIPS else word
        return fixed if word.islower() else fixed[0].upper() + fixed[1:]


def _stems(word: str) -> Iterator[str]:
    for ending, instead in ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word[: -len(ending)]
            yield stem + instead
            if ending in {"ed", "ing", "er", "est"} and len(stem) > 2 and stem[-1] == stem[-2] and stem[-3] in "aeiou":
                yield stem[:-1]


def _swapped(word: str) -> set[str]:
    return {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 1)}


def _doubled(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(1, len(word)) if word[i] == word[i - 1]}


def _missing(word: str) -> set[str]:
    return {word[:i] + letter + word[i:] for i in range(1, len(word) + 1) for letter in ascii_lowercase}


def _surplus(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(1, len(word))}


def _wrong(word: str) -> set[str]:
    return {word[:i] + letter + word[i + 1 :] for i in range(len(word)) for letter in ascii_lowercase}


#: What a slip may have been, the likeliest first: every word one such slip away, and how common it must be to be meant.
SLIP_ORDER: tuple[tuple[Callable[[str], set[str]], int], ...] = (
    (_swapped, 0),
    (_doubled, 0),
    (_missing, COMMON),
    (_surplus, COMMON),
    (_wrong, COMMON),
)
