"""Slips of the keyboard."""

import random

from hypothesis import given
from hypothesis import strategies as st

from demo.traffic.slips import misspell


@given(st.text("abcdefghijklmnopqrstuvwxyz", max_size=20), st.integers())
def test_a_slip_changes_a_word_by_one_letter_at_most(word: str, seed: int) -> None:
    """The first letter stays, the length changes by one at most, short words stay as they are."""
    slip = misspell(word, random.Random(seed))

    assert slip[:1] == word[:1]
    assert abs(len(slip) - len(word)) <= 1
    if len(word) < 4:
        assert slip == word
