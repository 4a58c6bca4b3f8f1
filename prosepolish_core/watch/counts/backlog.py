"""What waits to be written: kept while PostgreSQL is away,
bounded by adding old things together, never by dropping counts.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from ...model.counts import AccessChunk, EventDelta, LedgerRow, LookupDelta, TelemetryBatch
from ...model.llm import added
from .tally import Tally

#: Width and age in seconds: 10 s buckets for a quarter of an hour, minutes for two hours, hours for a week; what is
#: older joins the oldest hour.
KEEP = ((10, 900), (60, 7200), (3600, 604_800))
#: Thinning starts above the first number, and again each time so many more have come.
MOST_BUCKETS, MORE_BUCKETS = 90, 90
#: Ledger rows kept one by one; older ones are added up per hour and model.
MOST_LEDGER_ROWS = 5000
#: Of these, rows of calls that left the process are kept one by one up to this many.
MOST_SINGLE = 50_000
MONEY = ("cost_usd", "then_usd", "discount_usd")
#: Sampled key reads kept; older ones are dropped, and counted as the event `access_trace_dropped`.
MOST_ACCESSES = 200_000
#: What one flush carries at most, so that it stays a short transaction.
BATCH_BUCKETS, BATCH_LEDGER_ROWS, BATCH_CHUNKS = 40, 1000, 500


class Backlog:
    """Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._buckets: dict[int, Tally] = {}
        self._ledger: list[LedgerRow] = []
        self._accesses: list[AccessChunk] = []
        self._access_count = 0
        self._thin_above = MOST_BUCKETS

    def __bool__(self) -> bool:
        return bool(self._buckets or self._ledger or self._accesses)

    @property
    def buckets(self) -> int:
        """How many buckets wait."""
        return len(self._buckets)

    def add(self, second: int, tally: Tally, ledger: Iterable[LedgerRow], accesses: Iterable[AccessChunk]) -> None:
        """Add what was counted in the bucket that begins at this second since the epoch."""
        if tally.lookups or tally.events:
            self._buckets.setdefault(second, Tally()).merge(tally)
        self._ledger.extend(ledger)
        for chunk in accesses:
            self._accesses.append(chunk)
            self._access_count += chunk.reads
        self._thin(second)

    def note(self, second: int, name: str) -> None:
        """Count something that happened to the backlog itself."""
        self._buckets.setdefault(second, Tally()).count(name, 1)

    def take(self, process: UUID, sequence: int) -> TelemetryBatch:
        """Remove and return the oldest part."""
        lookups, events = [], []
        self._thin_above = MOST_BUCKETS
        for second in sorted(self._buckets)[:BATCH_BUCKETS]:
            ts, tally = datetime.fromtimestamp(second, UTC), self._buckets.pop(second)
            lookups += [
                LookupDelta(ts, str(family), str(tier), str(outcome), c.steps, c.answers, c.sum_s, tuple(c.counts))
                for (family, tier, outcome), c in sorted(tally.lookups.items())
            ]
            events += [EventDelta(ts, name, amount) for name, amount in sorted(tally.events.items())]
        ledger, self._ledger = self._ledger[:BATCH_LEDGER_ROWS], self._ledger[BATCH_LEDGER_ROWS:]
        chunks, self._accesses = self._accesses[:BATCH_CHUNKS], self._accesses[BATCH_CHUNKS:]
        self._access_count -= sum(chunk.reads for chunk in chunks)
        return TelemetryBatch(process, sequence, tuple(lookups), tuple(events), tuple(ledger), tuple(chunks))

    def _thin(self, second: int) -> None:
        if len(self._buckets) > self._thin_above:
            self._buckets = thinned(self._buckets)
            self._thin_above = len(self._buckets) + MORE_BUCKETS
        if len(self._ledger) > MOST_LEDGER_ROWS:
            self._ledger = added_up(self._ledger)
        dropped = 0
        while self._access_count > MOST_ACCESSES:
            gone = self._accesses.pop(0).reads
            self._access_count -= gone
            dropped += gone
        if dropped:
            self._buckets.setdefault(second, Tally()).count("access_trace_dropped", dropped)


def thinned(buckets: dict[int, Tally]) -> dict[int, Tally]:
    """The same counts in fewer buckets: recent ones stay, older ones join at the start of their minute or hour."""
    newest = max(buckets)
    fewer: dict[int, Tally] = {}
    for second in sorted(buckets):
        width = next((step for step, age in KEEP if newest - (second - second % step) < age), KEEP[-1][0])
        oldest = newest - newest % width - KEEP[-1][1]
        start = max(second - second % width, oldest)
        if start in fewer:
            fewer[start].merge(buckets[second])
        else:
            fewer[start] = buckets[second]
    return fewer


def added_up(rows: list[LedgerRow]) -> list[LedgerRow]:
    """The newer half as it is; the older half added up per hour and everything that tells rows apart.

    A call that left the process keeps its row unless there are too many: it may lie in PostgreSQL as it was sent.
    """
    half = len(rows) // 2
    sums: dict[tuple[object, ...], LedgerRow] = {}
    single: list[LedgerRow] = []
    for row in rows[:half]:
        ts, call = row.ts.replace(minute=0, second=0, microsecond=0), row.call
        if call.call_id and len(single) < MOST_SINGLE:
            single.append(row)
            continue
        marks = (call.kind, call.task, call.model, call.price_date, call.price_source, call.state)
        more = (call.line, call.provenance, call.also_postgres)
        key = (ts, *marks, *more, *(getattr(call, name) is None for name in MONEY))
        before = sums.get(key)
        sums[key] = row._replace(ts=ts, call_id="") if before is None else _sum(before, row)
    return [*single, *sums.values(), *rows[half:]]


def _sum(a: LedgerRow, b: LedgerRow) -> LedgerRow:
    call = a.call._replace(**added((a.call, b.call), *MONEY, "duration_s"))
    return LedgerRow(a.ts, call, a.calls + b.calls)
