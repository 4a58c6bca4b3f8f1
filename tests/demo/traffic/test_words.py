"""Which words are looked up."""

from collections import Counter

import pytest

from demo.lexicon import lexicon
from demo.traffic.words import HEADWORDS, WRONG, Words


def test_about_15_percent_of_the_words_are_in_no_dictionary() -> None:
    """The rest are real headwords."""
    words = Words(lexicon(), seed=1)
    drawn = [words.draw() for _ in range(5000)]

    assert sum(word not in lexicon() for word in drawn) / len(drawn) == pytest.approx(WRONG, abs=0.02)


def test_the_curve_is_natural_and_the_vocabulary_bounded() -> None:
    """A few words make up much of it, there is a long tail, and mistakes come back."""
    words = Words(lexicon(), seed=1)
    counts = Counter(words.draw() for _ in range(20_000))

    assert sum(count for _, count in counts.most_common(100)) / 20_000 > 0.4
    assert 800 < len(counts) < 2 * HEADWORDS
    assert max(count for word, count in counts.items() if word not in lexicon()) > 20


def test_a_seed_makes_the_words() -> None:
    """The same seed gives the same words, another one gives others."""
    one, same, other = (Words(lexicon(), seed) for seed in (7, 7, 8))
    first = [one.draw() for _ in range(50)]

    assert first == [same.draw() for _ in range(50)]
    assert first != [other.draw() for _ in range(50)]
