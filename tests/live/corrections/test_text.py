"""Which texts we correct."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.errors import InvalidText
from prosepolish_core.live.corrections.text import MOST_BYTES, MOST_CHARACTERS, checked_text


@pytest.mark.parametrize(
    "text",
    ["", "  \n\t ", "x" * (MOST_CHARACTERS + 1), "broken \ud800 text", "nul \x00 text", None, 5, b"bytes", ["list"]],
    ids=["empty", "blank", "long", "surrogate", "nul", "none", "number", "bytes", "list"],
)
def test_what_is_no_text_is_refused(text: object) -> None:
    """A clear sentence, before anything is hashed or asked; the text itself is not in it."""
    with pytest.raises(InvalidText) as caught:
        checked_text(text)
    assert len(str(caught.value)) < 120


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200))
def test_any_other_text_passes_unchanged(text: str) -> None:
    """Nothing is trimmed or normalised: a correction is of exactly this text."""
    if text.strip():
        assert checked_text(text) is text


def test_the_longest_text_passes() -> None:
    """5,000 characters are fine, of four bytes each too."""
    assert checked_text("x" * MOST_CHARACTERS)
    assert len(checked_text("𝒳" * MOST_CHARACTERS).encode()) == MOST_BYTES
