"""How alike a corrected word and a typed one are, from 0 to 1: slips of the finger and of the ear, and short forms."""

import re
from functools import lru_cache

#: Spellings of one sound, in the order in which they are replaced; then vowels go, and repeated letters.
SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(kn|gn|pn)", "n"), (r"^ps", "s"), (r"^wr", "r"), (r"^wh", "w"), (r"qu", "kw"), (r"ph|gh(?=$)", "f"), (r"gh", ""),
        (r"x", "ks"), (r"tch|ch", "k"), (r"c(?=[eiy])|z", "s"), (r"ck|c|q", "k"), (r"dg|g(?=[eiy])", "j"), (r"th", "t"),
        (r"sh|ti(?=on)", "s"), (r"(?<=[aeo])w|[aeiouyhаеёиоуыэюяіїєαεηιουω]", ""), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip
#: Digits spoken inside words: gr8, l8r, 2day, b4.
SPOKEN = str.maketrans({"2": "to", "4": "for", "8": "ate", "1": "one"})
MIXED = re.compile(r"(?=.*\d)(?=.*[a-z])")
#: Longer words are compared by their letter pairs alone: counting edits takes the square of the length.
LONGEST = 24
LEAST = 0.5


def likeness(word: str, typed: str) -> float:
    """Of two folded words. What is not over LEAST counts as nothing in common."""
    if word == typed:
        return 1.0
    if MIXED.match(typed):
        typed = typed.translate(SPOKEN)
    longer, shorter = max(len(word), len(typed)), min(len(word), len(typed))
    if longer > LONGEST:
        found = letter_pairs(word, typed)
    elif len(typed) < 2:
        found = 0.0
    elif sorted(word) == sorted(typed):
        found = 0.9
    elif _shortened(word, typed) or (shorter >= 3 and (sound := _sound(word)) == _sound(typed) and len(sound) > 1):
        found = 0.8
    elif len(set(word) & set(typed)) + longer - len(set(word)) < longer / 2:
        found = 0.0  # fewer letters in common than it takes
    elif shorter >= (half := max(4, (longer + 1) // 2)) and word[:half] == typed[:half]:
        found = 0.7  # another form of it
    else:
        found = 1 - _edits(word, typed) / longer
    return found if found > LEAST or (found == LEAST and longer == 2) else 0.0


def _shortened(word: str, typed: str) -> bool:
    """`thx`, `tmrw`, `pls`: letters of the word in their order;
    or its beginning with another end, as `footy` and `addy`.
    """
    if word[0] != typed[0] or len(word) > 3.5 * len(typed):
        return False
    return _within(typed, word) or (len(typed) >= 4 and word.startswith(typed[: max(3, len(typed) - 1)]))


def _within(short: str, word: str) -> bool:
    """Whether the letters of a short form stand in the word in this order."""
    letters = iter(word)
    return all(letter in letters for letter in short)


@lru_cache(maxsize=2048)
def _sound(word: str) -> str:
    for pattern, sound in SOUNDS:
        word = pattern.sub(sound, word)
    return word


def _edits(one: str, two: str) -> int:
    """Letters to change, add, remove or exchange with their neighbour."""
    before, above = [0] * (len(two) + 1), list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(two, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and b == one[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


def letter_pairs(one: str, two: str) -> float:
    """The share of pairs of neighbouring letters that both have. Linear, for texts of any length."""
    left, right = ({w[i : i + 2] for i in range(len(w) - 1)} for w in (one, two))
    return 2 * len(left & right) / max(1, len(left) + len(right))
