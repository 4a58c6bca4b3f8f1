"""A text as the words a reader compares: folded, counted by sentence;
scripts written without blanks give one character each.
"""

from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, normalize

#: What ends a sentence when a blank or nothing follows, and what always does.
ENDS = frozenset(".!?;:…।۔؟։።")
ALWAYS_ENDS = frozenset("\n。！？：；")
APOSTROPHES = frozenset("'’‘`´ʼ׳")
#: Before an apostrophe these are words of their own: l'eau, c'est, qu'il.
ELIDED = frozenset({"l", "d", "j", "c", "s", "n", "m", "t", "qu"})
#: Letters that differ from their plain form by more than a mark that Unicode can take off.
PLAIN = str.maketrans({"ł": "l", "đ": "d", "ı": "i", "ø": "o", "æ": "ae", "œ": "oe"})
#: First and last character of the scripts written without blanks between words: Thai, Lao, Myanmar, Khmer, kana, Han.
UNSPACED = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"), ("\u3040", "\u30ff"), ("\u3400", "\u9fff"))
UNSPACED_MORE = (("\uf900", "\ufaff"), ("\U00020000", "\U0003ffff"))


#: So many single letters in a row are one word that was spaced out.
SPELT = 4


class Word(NamedTuple):
    """One word without its marks, in small letters; the number of its sentence; how it was written."""

    plain: str
    sentence: int
    written: str = ""


@lru_cache(maxsize=8192)
def unspaced(character: str) -> bool:
    """Whether the character belongs to a script that puts no blanks between words."""
    return any(first <= character <= last for first, last in (*UNSPACED, *UNSPACED_MORE))


@lru_cache(maxsize=8192)
def _plain(character: str) -> str:
    """The character as compared: in small letters and without marks. A blank for what stands between words."""
    if character in APOSTROPHES or category(character) in {"Cf", "Mn"}:
        return ""
    if category(character)[0] not in "LNM":
        return " "
    folded = normalize("NFKD", character.casefold()).translate(PLAIN)
    return "".join(c for c in folded if category(c)[0] in "LN" or category(c) == "Mc")


def words_of(text: str) -> list[Word]:
    """The words in their order."""
    found: list[Word] = []
    plain: list[str] = []
    written: list[str] = []
    sentence = 0

    def finish() -> None:
        if plain:
            found.append(Word("".join(plain), sentence, "".join(written)))
            plain.clear()
        written.clear()

    for place, character in enumerate(text):
        folded = _plain(character)
        if character in APOSTROPHES and "".join(plain) in ELIDED:
            folded = " "
        if folded == " ":
            finish()
            ends = character in ENDS and (place + 1 == len(text) or text[place + 1].isspace())
            if (ends or character in ALWAYS_ENDS) and found and found[-1].sentence == sentence:
                sentence += 1
        elif folded and unspaced(character):
            finish()
            found.append(Word(folded, sentence, character))
        elif folded:
            plain.append(folded)
            written.append(character)
    finish()
    return _joined(found)


def _joined(words: list[Word]) -> list[Word]:
    """The same with `h e l l o` as one word."""
    found: list[Word] = []
    spelt: list[Word] = []
    for word in [*words, Word("", -1)]:
        if len(word.plain) == 1 and not unspaced(word.plain):
            spelt.append(word)
            continue
        if len(spelt) >= SPELT:
            found.append(Word("".join(w.plain for w in spelt), spelt[0].sentence, "".join(w.written for w in spelt)))
        else:
            found += spelt
        spelt = []
        found.append(word)
    return found[:-1]
