"""Which texts are sent for correction."""

import pytest

from demo.lexicon import lexicon
from demo.standins.typos import TypoFixer
from demo.traffic.texts import REPEATED, Texts


def test_about_30_percent_of_the_texts_were_sent_before() -> None:
    """Repeats are word for word the same."""
    texts = Texts(seed=1)
    drawn = [texts.draw() for _ in range(2000)]

    assert 1 - len(set(drawn)) / len(drawn) == pytest.approx(REPEATED, abs=0.03)


def test_many_texts_need_a_correction_and_the_stand_in_finds_one() -> None:
    """Most new texts have slips in them that the stand-in model changes."""
    texts, fixer = Texts(seed=1), TypoFixer(lexicon())
    drawn = {texts.draw() for _ in range(100)}

    assert sum(fixer.fix(text) != text for text in drawn) > len(drawn) / 2
    assert all("{" not in text for text in drawn)
