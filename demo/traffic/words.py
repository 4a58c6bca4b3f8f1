"""Which words are looked up: real headwords on a natural curve, and about 15 % misspelt or unknown ones."""

import random

from ..lexicon import Lexicon
from .slips import misspell
from .zipf import Zipf

#: The most frequent words, which nobody looks up.
PLAIN = 80
EXPONENT = 1.05
#: Headwords in use. Small enough that a cache fills within minutes, large enough for a long tail.
HEADWORDS = 1200
#: Share of lookups whose word no dictionary knows; two thirds are slips, the rest invented.
WRONG, SLIPS = 0.15, 2 / 3
#: Different slips of one word, and invented words in use: people repeat their mistakes.
SLIPS_OF_A_WORD, INVENTED = 1, 60
SYLLABLES = (
    "ba", "cro", "dil", "fen", "gro", "hux", "jil", "kri", "lop", "mur",
    "nib", "pla", "quo", "ris", "snu", "tav", "vex", "wob", "yot", "zan",
)  # fmt: skip


class Words:
    """An endless stream of words. The same seed gives the same words."""

    def __init__(self, lexicon: Lexicon, seed: int) -> None:
        self._random = random.Random(seed)
        self._seed = seed
        self._known = lexicon
        self._heads = Zipf(lexicon.by_frequency[PLAIN : PLAIN + HEADWORDS], EXPONENT)
        self._invented = Zipf([self._invent(number) for number in range(INVENTED)])

    def draw(self) -> str:
        """The next word."""
        if self._random.random() >= WRONG:
            return self._heads.draw(self._random)
        if self._random.random() < SLIPS:
            return self._slip()
        return self._invented.draw(self._random)

    def _slip(self) -> str:
        """A slip of a frequent word that is no word itself; the same few for each word."""
        for _ in range(20):
            word = self._heads.draw(self._random)
            slip = misspell(word, random.Random(f"{self._seed}:{word}:{self._random.randrange(SLIPS_OF_A_WORD)}"))
            if slip not in self._known:
                return slip
        return self._invented.draw(self._random)

    def _invent(self, number: int) -> str:
        source = random.Random(f"{self._seed}:{number}")
        return "".join(source.choice(SYLLABLES) for _ in range(source.randint(3, 4)))
