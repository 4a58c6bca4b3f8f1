"""Tokens of one call."""

import pytest

from prosepolish_core.model.correction import MOST_TOKENS, NO_TOKENS, Tokens


def test_the_total_counts_each_token_once() -> None:
    """Cached tokens are part of the prompt."""
    assert Tokens(450, 100, 150, 40).total == 640
    assert NO_TOKENS.total == 0


@pytest.mark.parametrize(
    ("tokens", "possible"),
    [
        (NO_TOKENS, True),
        (Tokens(5, 5, MOST_TOKENS, 0), True),
        (Tokens(5, 6, 0, 0), False),
        (Tokens(-1, -1, 0, 0), False),
        (Tokens(0, 0, MOST_TOKENS + 1, 0), False),
        (Tokens(1.5, 0, 0, 0), False),  # type: ignore[arg-type]
    ],
)
def test_which_counts_a_call_can_have(tokens: Tokens, possible: bool) -> None:
    """Whole, not negative, bounded, and no more cached than there was."""
    assert tokens.possible is possible
