"""Telemetry as the live path sees it: the recorder, and the ledger row of an LLM call."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from ..model.outcome import Family, Outcome, Tier, Trace


class LlmCall(NamedTuple):
    """One ledger row: a paid call (`paid`) or one a cache hit made unnecessary (`avoided`).

    Token counts as billed: `prompt` includes `cached`; `thoughts` are billed as output. `cost_usd` is None when the
    model has no known price (unpriced is never zero). `price_date` is the date from which the price row is valid. An avoided
    call is priced on the day of the hit; `then_usd` is what it cost on the day it was paid, None when nobody knows.
    """

    kind: str
    task: str
    model: str
    prompt: int
    cached: int
    output: int
    thoughts: int
    cost_usd: Decimal | None
    price_date: str
    duration_s: float
    then_usd: Decimal | None = None


class Recorder(Protocol):
    """Counts in memory, flushed by a background thread. No method blocks or raises; a hit costs at most 2 µs."""

    def record(self, family: Family, trace: Trace) -> None:
        """Count one finished call: every step, the last one being the answer."""

    def hit(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None:
        """The hot path's short form of `record`: one step, one answer."""

    def many_hits(
        self, family: Family, tier: Tier, outcome: Outcome, duration_s: float, keys: Sequence[str], sizes: Sequence[int]
    ) -> None:
        """`hit` and `access` for every key of one batch, in one call."""

    def llm(self, call: LlmCall) -> None:
        """Keep one ledger row."""

    def access(self, family: Family, key: str, size_bytes: int) -> None:
        """Offer one key read for the hash-sampled access trace; the key itself is never kept."""

    def event(self, name: str, amount: int = 1) -> None:
        """Count a named event, for example `oversized_value` or `lease_lost`."""
