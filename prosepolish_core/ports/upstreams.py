"""Upstreams: tiers that know words, and the LLM behind one method."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from ..model.outcome import Outcome, Tier
from .telemetry import LlmCall


class Fetched(NamedTuple):
    """What an upstream that knows words said.

    `outcome` is HIT (with `entry`), NEGATIVE_HIT (it says there is no such word), REFUSED (429 or pacing), TIMEOUT or
    ERROR. `entry` is the plain dictionary that `Entry.from_dict` reads. `call` is set when the answer was paid for.
    """

    outcome: Outcome
    entry: Mapping[str, object] | None = None
    detail: str = ""
    retry_after_s: float | None = None
    call: LlmCall | None = None


class WordSource(Protocol):
    """Tier 3 and tier 4 of the word lookup: the dictionary API, and the LLM asked for a definition."""

    tier: Tier

    def fetch(self, word: str, timeout_s: float) -> Fetched:
        """Ask for one normalised word. Never raises for a fault of the upstream; never takes longer than `timeout_s`."""


class LlmRequest(NamedTuple):
    """One call of a model. `text` is data and never joined into `instructions`."""

    instructions: str
    text: str
    model: str
    temperature: float
    max_output_tokens: int
    json_schema: Mapping[str, object] | None = None


class LlmReply(NamedTuple):
    """What the model said. `finish` is `stop`, `length`, `safety`, `recitation`, `empty` or `other`; tokens as billed."""

    text: str
    finish: str
    model_version: str
    prompt: int
    cached: int
    output: int
    thoughts: int


class LlmFault(NamedTuple):
    """Why there is no reply: REFUSED (429, key refused), TIMEOUT or ERROR, with a short machine word."""

    outcome: Outcome
    detail: str
    retry_after_s: float | None = None


class LlmBackend(Protocol):
    """One SDK behind one method. Makes exactly one HTTP request; never retries; never raises for a fault of the upstream."""

    def generate(self, request: LlmRequest, timeout_s: float) -> LlmReply | LlmFault:
        """Ask the model once."""
