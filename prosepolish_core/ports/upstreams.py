"""Upstreams: tiers that know words, and the LLM behind one method."""

from typing import Protocol

from ..model.llm import LlmFault, LlmReply, LlmRequest
from ..model.outcome import Tier
from ..model.tier_replies import Fetched


class WordSource(Protocol):
    """Tier 3 and tier 4 of the word lookup: the dictionary API, and the LLM asked for a definition."""

    tier: Tier

    def fetch(self, word: str, timeout_s: float) -> Fetched:
        """Ask for one word as it is spelt.

        Never raises for a fault of the upstream; never takes longer than `timeout_s`.
        """


class LlmBackend(Protocol):
    """One SDK behind one method.

    Makes exactly one HTTP request; never retries; never raises for a fault of the upstream.
    """

    def generate(self, request: LlmRequest, timeout_s: float) -> LlmReply | LlmFault:
        """Ask the model once."""
