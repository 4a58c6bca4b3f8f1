"""Words are normalised by one pipeline, and what cannot be a word is refused."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidWord
from prosepolish_core.model.word import MOST_BYTES, MOST_CHARACTERS, normalise


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("Eloquent", "eloquent"),
        ("  naïve \n", "naïve"),
        ("nai\u0308ve", "na\u00efve"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Ice Cream", "ice cream"),
        ("can't", "can't"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_spellings_of_one_word_become_the_same_word(typed: str, word: str) -> None:
    """Case, surrounding space and composition do not matter; joiners that belong to the spelling stay."""
    assert normalise(typed) == word


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "\u200d", "a\x00b", "a\nb", "\ud800", "a\u202eb", "\ufeff", "a" * 65, "é" * 65, "😀" * 65, "x" * 100_000, "\ue000"],
)
def test_what_cannot_be_a_word_is_refused(typed: str) -> None:
    """Empty, too long, control, invisible, surrogate and private characters are an InvalidWord, which is a ValueError."""
    with pytest.raises(InvalidWord) as refused:
        normalise(typed)
    assert isinstance(refused.value, ValueError)


def test_something_that_is_not_text_is_refused() -> None:
    """None and numbers are an InvalidWord, not a TypeError from somewhere inside."""
    with pytest.raises(InvalidWord):
        normalise(7)  # type: ignore[arg-type]


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing(typed: str) -> None:
    """A normalised word is its own normal form, so that it has one key only."""
    try:
        word = normalise(typed)
    except InvalidWord:
        return
    assert normalise(word) == word
    assert 0 < len(word) <= MOST_CHARACTERS
    assert len(word.encode()) <= MOST_BYTES


def test_every_single_character_is_refused_or_has_one_normal_form() -> None:
    """All of Unicode that folding or composing changes: folding a folded character again changes nothing."""
    unstable = []
    for number in range(0x110000):
        if chr(number).casefold() == normalize("NFC", chr(number)) == chr(number):
            continue
        try:
            word = normalise(chr(number))
        except InvalidWord:
            continue
        if normalise(word) != word:
            unstable.append(number)
    assert unstable == []
