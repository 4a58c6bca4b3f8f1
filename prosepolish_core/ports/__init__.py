"""Ports: the small Protocols through which services reach what lies outside. Adapters implement them, services ask for them."""

from .cache_server import CacheServer, Claim, Fill, Settle, Signal, Wake
from .people import PeopleStore, PersonRow
from .samples import (
    Coverage,
    GaugeSeries,
    IncreaseSeries,
    Instants,
    Mark,
    Numbers,
    Reading,
    RunRow,
    RunWriter,
    SampleReader,
    SeriesKey,
)
from .telemetry import LlmCall, Recorder
from .telemetry_store import (
    AccessChunk,
    EventDelta,
    LatencyBuckets,
    LedgerRow,
    LedgerTotal,
    LookupCounts,
    LookupDelta,
    TelemetryBatch,
    TelemetryReader,
    TelemetryWriter,
)
from .upstreams import Fetched, LlmBackend, LlmFault, LlmReply, LlmRequest, WordSource
from .words import WordRow, WordStore

__all__ = [
    "AccessChunk",
    "CacheServer",
    "Claim",
    "Coverage",
    "EventDelta",
    "Fetched",
    "Fill",
    "GaugeSeries",
    "IncreaseSeries",
    "Instants",
    "LatencyBuckets",
    "LedgerRow",
    "LedgerTotal",
    "LlmBackend",
    "LlmCall",
    "LlmFault",
    "LlmReply",
    "LlmRequest",
    "LookupCounts",
    "LookupDelta",
    "Mark",
    "Numbers",
    "PeopleStore",
    "PersonRow",
    "Reading",
    "Recorder",
    "RunRow",
    "RunWriter",
    "SampleReader",
    "SeriesKey",
    "Settle",
    "Signal",
    "TelemetryBatch",
    "TelemetryReader",
    "TelemetryWriter",
    "Wake",
    "WordRow",
    "WordSource",
    "WordStore",
]
