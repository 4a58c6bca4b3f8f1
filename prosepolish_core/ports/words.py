"""The permanent word store: tier 2."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from .telemetry import LlmCall


class WordRow(NamedTuple):
    """What PostgreSQL knows of a word. `fence` changes with every invalidation; a word without a row has 0.

    Without an entry: `absences` counts how often it was found not to exist, `absent` says that this is still remembered,
    `judged` that the LLM has said so (it is not asked twice). `paid` is the ledger row of the call that gave the entry.
    """

    fence: int = 0
    entry: Mapping[str, object] | None = None
    source: str = ""
    absences: int = 0
    absent: bool = False
    judged: bool = False
    paid: LlmCall | None = None


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
