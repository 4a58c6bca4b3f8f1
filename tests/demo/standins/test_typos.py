"""The routine the Gemini stand-in corrects with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.lexicon import lexicon
from demo.standins.typos import TypoFixer

FIXER = TypoFixer(lexicon())


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("Teh quick brown fox jumpped over the the lazy dog.", "The quick brown fox jumped over the lazy dog."),
        ("we recieved it  yesterday. i was glad", "We received it yesterday. I was glad"),
        ("A sohrt arguument, definately.", "A short argument, definitely."),
        ("The API of ProsePolish isn't XQZW.", "The API of ProsePolish isn't XQZW."),
    ],
)
def test_slips_are_corrected_and_the_rest_is_left(text: str, fixed: str) -> None:
    """Misspelt and doubled words are corrected; names, abbreviations and right words stay."""
    assert FIXER.fix(text) == fixed


@given(st.text(max_size=80))
def test_any_text_can_be_corrected(text: str) -> None:
    """No text makes it fail, and white space at the ends is kept."""
    fixed = FIXER.fix(text)

    assert fixed[:1].isspace() == text[:1].isspace()


@given(st.lists(st.sampled_from(["teh", "cat", "recieve", "the", "writte", "sentance", "i", "and", "."]), min_size=1, max_size=8))
def test_correcting_twice_changes_nothing_more(words: list[str]) -> None:
    """A corrected text is its own correction."""
    once = FIXER.fix(" ".join(words))

    assert FIXER.fix(once) == once
