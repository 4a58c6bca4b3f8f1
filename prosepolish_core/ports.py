"""Ports: the small Protocols through which services reach what lies outside. Adapters implement them, services ask for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt

from .model.outcome import Family, Outcome, Tier
from .model.sample import Kind, Labels, Run
from .model.trace import Trace
from .model.window import Window

Instants = npt.NDArray[np.datetime64]
Numbers = npt.NDArray[np.float64]


# --- telemetry: what the live path tells about itself --------------------------------------------------------------


class LlmCall(NamedTuple):
    """One ledger row: a paid call (`paid`) or one a cache hit made unnecessary (`avoided`).

    Token counts as billed: `prompt` includes `cached`; `thoughts` are billed as output. `cost_usd` is None when the
    model has no known price (unpriced is never zero). `price_date` is the date from which the price row is valid.
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


class Recorder(Protocol):
    """Counts in memory, flushed by a background thread. No method blocks or raises; a hit costs at most 2 µs."""

    def record(self, family: Family, trace: Trace) -> None:
        """Count one finished call: every step, the last one being the answer."""

    def hit(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None:
        """The hot path's short form of `record`: one step, one answer."""

    def llm(self, call: LlmCall) -> None:
        """Keep one ledger row."""

    def access(self, family: Family, key: str, size_bytes: int) -> None:
        """Offer one key read for the hash-sampled access trace; the key itself is never kept."""

    def event(self, name: str, amount: int = 1) -> None:
        """Count a named event, for example `oversized_value` or `lease_lost`."""


# --- the store, written ---------------------------------------------------------------------------------------------


class RunWriter(Protocol):
    """Keeps collector runs. Writing the same (source, collector, tick) twice changes nothing."""

    def write(self, runs: Sequence[Run]) -> None:
        """Write the runs in one COPY. Raises StoreUnavailable; then nothing was written."""


# --- the store, read by views ---------------------------------------------------------------------------------------


class SeriesKey(NamedTuple):
    """What a series is: where it was read, which metric, which labels."""

    source: str
    metric: str
    labels: Labels = ()


class GaugeSeries(NamedTuple):
    """A gauge over a window, thinned to buckets. Arrays of equal length; NaN where nothing was sampled."""

    key: SeriesKey
    ts: Instants
    mean: Numbers
    low: Numbers
    high: Numbers
    last: Numbers


class IncreaseSeries(NamedTuple):
    """A counter over a window: reset-safe increase per bucket and the seconds the samples really cover there."""

    key: SeriesKey
    ts: Instants
    increase: Numbers
    covered_s: Numbers


class Reading(NamedTuple):
    """The newest value of a series."""

    key: SeriesKey
    kind: Kind
    unit: str
    value: float
    ts: datetime


class Coverage(NamedTuple):
    """How much of a window the samples cover (0-1), and the age of the newest one in seconds (None: no sample at all)."""

    ratio: float
    newest_age_s: float | None
    samples: int


class Mark(NamedTuple):
    """A vertical line on the charts.

    `kind` is `deploy`, `restart`, `resetstat`, `failover`, `swap` (another server at the same address), `gap` or `note`.
    """

    ts: datetime
    kind: str
    text: str
    source: str = ""


class RunRow(NamedTuple):
    """One collector run as the Collectors page shows it."""

    collector: str
    source: str
    ts: datetime
    duration_s: float
    outcome: str
    detail: str
    samples: int


class SampleReader(Protocol):
    """Range queries over collector samples. Every method raises StoreUnavailable when PostgreSQL is away."""

    def sources(self) -> list[str]:
        """Names of the sources that have samples, sorted."""

    def latest(self, metrics: Sequence[str] = (), source: str | None = None) -> list[Reading]:
        """The newest value of each series (all metrics when none are named)."""

    def state(self, source: str) -> Mapping[str, str]:
        """The newest strings read from a source (run_id, version, role, maxmemory_policy …)."""

    def gauges(self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None) -> list[GaugeSeries]:
        """Gauges thinned to at most `points` buckets; the resolution (raw, minute, hour) is chosen by the window."""

    def increases(
        self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None
    ) -> list[IncreaseSeries]:
        """Reset-safe increases of counters per bucket."""

    def coverage(self, collector: str, window: Window, source: str | None = None) -> Coverage:
        """Share of expected runs present, and the newest run's age."""

    def runs(self, window: Window, limit: int = 500) -> list[RunRow]:
        """Newest runs first."""

    def marks(self, window: Window) -> list[Mark]:
        """Marks in the window, oldest first."""


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
    """Merged latency histogram: `counts[i]` calls took at most `bounds_s[i]` seconds; the last bound is infinity."""

    family: str
    tier: str
    ts: datetime
    bounds_s: tuple[float, ...]
    counts: tuple[int, ...]
    sum_s: float


class LedgerTotal(NamedTuple):
    """Ledger rows summed per bucket, kind and model. `unpriced` counts calls without a known price."""

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


class TelemetryReader(Protocol):
    """What the core counted, read back. Every method raises StoreUnavailable when PostgreSQL is away."""

    def lookups(self, window: Window, points: int = 300) -> list[LookupCounts]:
        """Counts per bucket, family, tier and outcome."""

    def latency(self, window: Window, points: int = 1) -> list[LatencyBuckets]:
        """Latency histograms per family and tier; one merged histogram for the whole window when `points` is 1."""

    def ledger(self, window: Window, points: int = 1) -> list[LedgerTotal]:
        """LLM calls paid and avoided."""

    def events(self, window: Window) -> Mapping[str, int]:
        """Named events summed over the window."""

    def newest(self) -> datetime | None:
        """The newest flushed bucket, or None."""


# --- upstreams --------------------------------------------------------------------------------------------------------


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


# --- telemetry, written -----------------------------------------------------------------------------------------------


class LookupDelta(NamedTuple):
    """What one process counted for one family, tier and outcome in one 10 s bucket.

    `counts[i]` calls fell between `BOUNDS_S[i - 1]` and `BOUNDS_S[i]` (not cumulative); they sum to `steps`.
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


class LedgerRow(NamedTuple):
    """One LLM call, or `calls` alike ones whose numbers were added while PostgreSQL was away."""

    ts: datetime
    call: LlmCall
    calls: int = 1


class AccessChunk(NamedTuple):
    """Sampled key reads of one family: parallel tuples. `rate` is the share of all keys that was sampled (SHARDS)."""

    ts: datetime
    family: str
    rate: float
    key_hashes: tuple[int, ...]
    offsets_ms: tuple[int, ...]
    sizes: tuple[int, ...]


class TelemetryBatch(NamedTuple):
    """One flush of one process. (process, sequence) is unique: writing it again adds nothing."""

    process: UUID
    sequence: int
    lookups: tuple[LookupDelta, ...] = ()
    events: tuple[EventDelta, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    accesses: tuple[AccessChunk, ...] = ()


class TelemetryWriter(Protocol):
    """Keeps what the recorders counted."""

    def write(self, batch: TelemetryBatch) -> None:
        """Add the batch, once. Raises StoreUnavailable; then it may or may not have been added, and can be sent again."""

    def forget_connection(self) -> None:
        """Called in a forked child: drop, without closing, what belongs to the parent."""

    def close(self) -> None:
        """Release the connection."""


# --- the cache server ---------------------------------------------------------------------------------------------------


class Claim(NamedTuple):
    """The reply to asking for a lease: `taken`, or what is stored instead (a value, or somebody else's lease)."""

    taken: bool
    stored: bytes | None = None


class Wake(NamedTuple):
    """What a holder tells those who wait for its lease: the encoded value, or None when its load failed."""

    stored: bytes | None


class Signal(Protocol):
    """An event that one thread waits for and another sets."""

    def set(self) -> None:
        """Wake whoever waits."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait; False when the time is over."""


class CacheServer(Protocol):
    """Redis as the caching layer needs it. Every method raises CacheUnavailable for a fault of the server, in bounded time."""

    def get(self, key: str) -> bytes | None:
        """What is stored: a value, a lease, or nothing. One plain GET."""

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The same for many keys, in order, in one round trip."""

    def take(self, claims: Sequence[tuple[str, str]], lease_ms: int, *, refresh: bool = False) -> list[Claim]:
        """Ask for leases: (key, token) each. With `refresh`, a stored value does not stand in the way. One round trip."""

    def fill(self, fills: Sequence["Fill"]) -> list[bool]:
        """Store values whose lease still stands, and wake who waits. False where the lease was voided. One round trip."""

    def renew(self, claims: Sequence[tuple[str, str]], lease_ms: int) -> None:
        """Prolong leases that still stand."""

    def drop(self, keys: Sequence[str]) -> int:
        """Delete values and void leases; gives how many keys there were."""

    def ping(self) -> None:
        """Ask for a sign of life on a new connection."""

    def reset(self) -> None:
        """Let go of every connection: the next use finds the primary anew."""

    def listen(self, timeout_s: float) -> bool:
        """Start to hear wake-ups; True when that is so already or within the time given."""

    def expect(self, token: str, signal: Signal) -> None:
        """Set the signal when the holder of this lease speaks, or when wake-ups may have been missed."""

    def heard(self, token: str) -> Wake | None:
        """What the holder said, if anything; the expectation ends."""


class Fill(NamedTuple):
    """One value to store under a lease. Empty `stored` stores nothing: the lease ends and `told` goes to who waits."""

    key: str
    token: str
    stored: bytes
    ttl_ms: int
    told: bytes = b""


# --- the permanent word store -------------------------------------------------------------------------------------------


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


# --- users ----------------------------------------------------------------------------------------------------------------


class PersonRow(NamedTuple):
    """A profile or the settings of one user. `version` grows by one with every update; 0: there is no row yet."""

    data: Mapping[str, object]
    version: int


class PeopleStore(Protocol):
    """Profiles (`Family.PROFILE`) and settings (`Family.SETTINGS`), kept for good. Raises StoreUnavailable, in bounded time."""

    def read(self, family: Family, user_id: str, timeout_s: float) -> PersonRow:
        """What is kept; an empty row with version 0 when there is none."""

    def merge(self, family: Family, user_id: str, changes: Mapping[str, object], timeout_s: float) -> PersonRow:
        """Set the fields given, remove those given as None. After StoreUnavailable it may have happened or not.

        Raises InvalidInput for what cannot be kept; then nothing was changed.
        """
