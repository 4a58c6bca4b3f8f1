"""What the core counts: as a process flushes it, and as pages read it back."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from .access import RECORD
from .llm import LedgerLine, LlmCall
from .provenance import Provenance


class LookupDelta(NamedTuple):
    """What one process counted for one family, tier and outcome in one 10 s bucket.

    `counts[i]` calls fell between `BOUNDS_S[i - 1]` and `BOUNDS_S[i]` (not cumulative); they sum to `steps` less the
    steps in which the tier was not asked (another caller's load was waited for, the breaker was open): those took no
    time of it.
    """

    ts: datetime
    family: str
    tier: str
    outcome: str
    steps: int
    answers: int
    sum_s: float
    counts: tuple[int, ...]


class EventDelta(NamedTuple):
    """How often a named event happened in one 10 s bucket."""

    ts: datetime
    name: str
    amount: int


class EventCounts(NamedTuple):
    """How often a named event happened in one bucket of one window."""

    ts: datetime
    name: str
    amount: int


class LedgerRow(NamedTuple):
    """One LLM call, or `calls` alike ones whose numbers were added while PostgreSQL was away.

    (`call_id`) is unique: written again it adds nothing, and a settled row replaces the one of the call as it was sent.
    """

    ts: datetime
    call: LlmCall
    calls: int = 1
    call_id: str = ""


class AccessChunk(NamedTuple):
    """Sampled key reads of one family, packed (model/access.py). `rate` is the share of all keys that was sampled."""

    ts: datetime
    family: str
    rate: float
    records: bytes

    @property
    def reads(self) -> int:
        """How many they are."""
        return len(self.records) // RECORD.size


class TelemetryBatch(NamedTuple):
    """One flush of one process. (process, sequence) is unique: writing it again adds nothing."""

    process: UUID
    sequence: int
    lookups: tuple[LookupDelta, ...] = ()
    events: tuple[EventDelta, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    accesses: tuple[AccessChunk, ...] = ()


class LookupCounts(NamedTuple):
    """Answers and steps counted by the core in one bucket of one window.

    `steps` counts how often the tier was asked and gave this outcome; `answers` how often that was the final answer.
    """

    ts: datetime
    family: str
    tier: str
    outcome: str
    steps: int
    answers: int
    sum_s: float


class LatencyBuckets(NamedTuple):
    """Merged latency histogram: `counts[i]` calls took at most `bounds_s[i]` seconds; the last bound is infinity.

    Of the steps in which the tier was asked and did its work or failed at it; refused ones are left out.
    """

    family: str
    tier: str
    ts: datetime
    bounds_s: tuple[float, ...]
    counts: tuple[int, ...]
    sum_s: float


class LedgerTotal(NamedTuple):
    """Ledger rows summed per bucket and everything that tells them apart.

    `unpriced` counts calls of known tokens without a known price, `unknown` those that left and whose cost nobody
    knows, `sent` those on their way. `then_usd` is what the same calls cost on the days they were paid;
    `then_unpriced` counts those of which nobody knows. `discount_usd` is what the model's own prompt caching took off.
    """

    ts: datetime
    kind: str
    model: str
    calls: int
    unpriced: int
    prompt: int
    cached: int
    output: int
    thoughts: int
    cost_usd: Decimal
    duration_s: float
    task: str = "correct"
    then_usd: Decimal = Decimal(0)
    then_unpriced: int = 0
    line: str = LedgerLine.ANSWER
    provenance: str = Provenance.LIVE
    also_postgres: bool = False
    price_date: str = ""
    price_source: str = ""
    unknown: int = 0
    sent: int = 0
    discount_usd: Decimal = Decimal(0)
