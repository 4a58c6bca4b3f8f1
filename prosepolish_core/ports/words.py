"""The permanent word store: tier 2."""

from collections.abc import Sequence
from typing import Protocol

from ..model.tier_replies import WordRow


class WordStore(Protocol):
    """Tier 2 of the word lookup. Every method raises StoreUnavailable, and takes no longer than `timeout_s`."""

    def get(self, word: str, timeout_s: float) -> WordRow:
        """What is known of one word."""

    def get_many(self, words: Sequence[str], timeout_s: float) -> dict[str, WordRow]:
        """The same for many, in one query; every word is in the answer."""

    def put(self, word: str, row: WordRow, timeout_s: float) -> bool:
        """Keep an entry. False when the word was invalidated after `row.fence` was read."""

    def put_absence(self, word: str, row: WordRow, absent_s: float, timeout_s: float) -> bool:
        """Remember for a while that there is no such word. Never replaces an entry. False likewise."""

    def invalidate(self, word: str, timeout_s: float) -> None:
        """Forget the word, and void every fill that is on its way."""
