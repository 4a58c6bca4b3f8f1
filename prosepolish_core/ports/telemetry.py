"""What the core counts: the recorder that the live path calls, and the store that keeps it and reads it back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from ..model.access import Source
from ..model.counts import AccessChunk, EventCounts, LatencyBuckets, LedgerTotal, LookupCounts, TelemetryBatch
from ..model.llm import LlmCall
from ..model.outcome import Family, Outcome, Tier, Trace
from ..model.window import Window


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

    def llm(self, call: LlmCall | Callable[[], LlmCall | None]) -> None:
        """Keep one ledger row, or what is called later, beside the callers, to make one.

        A row of a call that left the process is durable on return.
        """

    def access(
        self, family: Family, key: str, size_bytes: int, source: int = Source.REDIS, cost_usd: Decimal | None = None
    ) -> None:
        """Offer one key read for the hash-sampled access trace; the key itself is never kept.

        `size_bytes` is what lies in Redis now, 0 when nothing was kept; `source` a model.access.Source; `cost_usd`
        what the call behind the answer costs.
        """

    def paid_text(self, text: str, cost_usd: Decimal | None) -> None:
        """A correction was paid for: its keyed hashes are kept to find near misses, never the text."""

    def event(self, name: str, amount: int = 1) -> None:
        """Count a named event, for example `oversized_value` or `lease_lost`."""


class TelemetryWriter(Protocol):
    """Keeps what the recorders counted."""

    def write(self, batch: TelemetryBatch) -> None:
        """Add the batch, once.

        Raises StoreUnavailable; then it may or may not have been added, and can be sent again.
        """

    def close(self) -> None:
        """Release the connection."""


class TelemetryReader(Protocol):
    """What the core counted, read back. Every method raises StoreUnavailable when PostgreSQL is away."""

    def lookups(self, window: Window, points: int = 300) -> list[LookupCounts]:
        """Counts per bucket, family, tier and outcome."""

    def latency(self, window: Window, points: int = 1) -> list[LatencyBuckets]:
        """Latency histograms per family and tier; one merged histogram for the whole window when `points` is 1."""

    def ledger(self, window: Window, points: int = 1) -> list[LedgerTotal]:
        """LLM calls paid and avoided, of every provenance."""

    def ledger_since(self, provenance: Collection[str]) -> datetime | None:
        """The instant of the oldest row of one of these; None without any."""

    def events(self, window: Window) -> Mapping[str, int]:
        """Named events summed over the window."""

    def event_courses(self, names: Collection[str], window: Window, points: int = 300) -> list[EventCounts]:
        """Events of these names per bucket; "name" also means every "name:detail"."""

    def accesses(self, window: Window) -> list[AccessChunk]:
        """The access trace, oldest chunk first."""

    def newest(self) -> datetime | None:
        """The newest flushed bucket, or None."""
