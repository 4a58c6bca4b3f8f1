"""The recorder: what the live path calls. A call is noted in a queue and returns; the flusher's thread counts it.

Noting touches next to no memory: on the hit path, which waits for a socket and finds cold caches when it wakes,
counting on the spot cost three times as much as in the warm loop of the flusher.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

from ...forks import on_fork
from ...model.access import Source
from ...model.counts import AccessChunk, LedgerRow
from ...model.llm import CallState, LlmCall
from ...model.outcome import Family, Outcome, Tier, Trace
from ...ports import TelemetryWriter
from .access import AccessTrace, Read
from .call_journal import CallJournal
from .flusher import Flusher
from .tally import Tally

T = TypeVar("T")
#: Notes waiting to be counted, from which on the flusher is woken early; and from which on the caller counts them
#: itself.
MANY, MOST = 5_000, 50_000
#: Key reads waiting; more are dropped, and counted: the trace is a sample anyway.
MOST_READS = 20_000
#: Paid texts waiting; a drain comes every second, and none of them costs nothing.
MOST_TEXTS = 200
#: The flusher's thread stops for PAUSE_S after so many notes, or notes of batches: while it counts, no lookup of this
#: process goes on. Often would be as bad as long: each time costs whoever is on the way a change of threads.
SLICE, BATCHES, PAUSE_S = 128, 8, 0.002


class BufferedRecorder:
    """Implements ports.Recorder. Safe under threads (`deque.append` and `popleft` are atomic) and after fork."""

    def __init__(
        self,
        writer: TelemetryWriter,
        *,
        journal: CallJournal | None = None,
        flush_s: float = 5.0,
        access_key: bytes = b"",
        processes: int = 1,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._access_key, self._processes = access_key, processes
        self._journal = journal
        self._flusher = Flusher(writer, self._drain, journal=journal, flush_s=flush_s, clock=clock)
        #: Hears of everything that was counted, whether or not the store takes it.
        self.on_tally: Callable[[Tally], None] | None = None
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """Everything that belongs to one process alone: what a parent counted is the parent's to write."""
        self._flusher.start_anew()
        self._calls: deque[tuple[Any, ...]] = deque()
        self._reads: deque[Read] = deque()
        self._batches: deque[tuple[float, Family, Sequence[str], Sequence[int]]] = deque()
        self._texts: deque[tuple[float, str, Decimal | None]] = deque()
        self._batched = 0  # keys in these, about: not worth a lock
        self._events: deque[tuple[str, int]] = deque()
        self._ledger: deque[tuple[float, LlmCall | Callable[[], LlmCall | None]]] = deque()
        self._trace = AccessTrace(self._access_key, self._processes)
        self._room = 0  # the first note starts the thread

    # --- the live path ---

    def hit(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None:
        """One step, one answer."""
        calls = self._calls
        calls.append((family, tier, outcome, duration_s))
        if len(calls) > self._room:
            self._crowded()

    def many_hits(
        self, family: Family, tier: Tier, outcome: Outcome, duration_s: float, keys: Sequence[str], sizes: Sequence[int]
    ) -> None:
        """One step, one answer and one key read for every key of a batch: two notes, however many keys there are."""
        calls, amount = self._calls, len(keys)
        calls.append((family, tier, outcome, duration_s, amount))
        room = max(0, MOST_READS - len(self._reads) - self._batched)
        if amount > room:
            self.event("access_trace_dropped", amount - room)
            keys, sizes = keys[:room], sizes[:room]
        self._batched += len(keys)
        self._batches.append((self._clock(), family, keys, sizes))
        if len(calls) > self._room or self._batched > self._room:
            self._crowded()

    def record(self, family: Family, trace: Trace) -> None:
        """Every step of one finished call; the last one is the answer."""
        calls = self._calls
        calls.append((family, trace))
        if len(calls) > self._room:
            self._crowded()

    def access(
        self, family: Family, key: str, size_bytes: int, source: int = Source.REDIS, cost_usd: Decimal | None = None
    ) -> None:
        """Offer one key read for the access trace.

        The key waits in memory for the next drain; then only its hash is left.
        """
        reads = self._reads
        if len(reads) < MOST_READS:
            reads.append((self._clock(), family, key, size_bytes, source, cost_usd))
        else:
            self.event("access_trace_dropped")

    def paid_text(self, text: str, cost_usd: Decimal | None) -> None:
        """Keep a paid correction's keyed hashes, for near misses; without a secret there are none.

        The text waits in memory for the next drain.
        """
        if not self._access_key:
            return
        if len(self._texts) < MOST_TEXTS:
            self._texts.append((self._clock(), text, cost_usd))
        else:
            self.event("near_miss_dropped")

    def llm(self, call: LlmCall | Callable[[], LlmCall | None]) -> None:
        """Keep one ledger row, or what is called at the next drain to make one.

        A call that left the process is written down here and now, on the disk; where that fails, its row waits in
        memory.
        """
        at = self._clock()
        if isinstance(call, LlmCall) and call.call_id and self._journal is not None:
            kept = self._journal.keep((_row(at, call),), durable=call.state == CallState.SENT)
            if kept:
                self._flusher.start()
                return
        self._ledger.append((at, call))
        if len(self._ledger) > self._room:
            self._crowded()

    def event(self, name: str, amount: int = 1) -> None:
        """Count a named event."""
        self._events.append((name, amount))
        if len(self._events) > self._room:
            self._crowded()

    # --- the other end ---

    def collect(self) -> None:
        """Count now what was noted so far; writing it can wait."""
        self._flusher.collect()

    def flush(self) -> bool:
        """Write everything counted so far, now. False when the store is away; then it is kept."""
        return self._flusher.flush()

    def close(self) -> None:
        """Write what is left and stop the thread. What is noted afterwards is written by another close, or at exit."""
        self._flusher.close()

    # --- inside ---

    def _crowded(self) -> None:
        """The first note, or more than usual: make sure that somebody counts them."""
        self._room = MANY
        self._flusher.start()
        waiting = max(len(self._calls), len(self._events), len(self._ledger), self._batched)
        if waiting > MOST:
            self._flusher.collect()
        elif waiting > MANY:
            self._flusher.wake()

    def _drain(self, elapsed_s: float, gently: bool) -> tuple[Tally, list[LedgerRow], list[AccessChunk]]:
        """What was noted since the last drain. Only the flusher calls it, under its lock."""
        tally = Tally()
        tally.fold(_taken(self._calls, gently))
        for name, amount in _taken(self._events, gently):
            tally.count(_plain(name), amount)
        if self.on_tally is not None:
            self.on_tally(tally)
        self._batched = 0
        reads, batches = _taken(self._reads, gently), _taken(self._batches, gently, BATCHES)
        chunks = self._trace.chunks(reads, elapsed_s, batches, whole=not gently)
        chunks += self._trace.near_chunks(_taken(self._texts, gently))
        return tally, list(self._rows(_taken(self._ledger, gently), tally)), chunks

    def _rows(self, noted: "Iterable[tuple[float, LlmCall | Callable[[], LlmCall | None]]]", tally: Tally) -> Iterator[LedgerRow]:
        for at, call in noted:
            try:
                made = call if isinstance(call, LlmCall) else call()
                if made is not None:
                    yield _row(at, made)
            except Exception:  # noqa: BLE001 - one row that cannot be made must not stop the others
                tally.count("bad_record", 1)


def _taken(queue: "deque[T]", gently: bool, at_once: int = SLICE) -> Iterator[T]:
    """What is in the queue now, with pauses if wanted and not too much waits;
    what others add meanwhile stays for the next time.
    """
    for taken in range(1, len(queue) + 1):
        yield queue.popleft()
        if gently and taken % at_once == 0 and len(queue) < MOST // 2:
            time.sleep(PAUSE_S)


def _row(at: float, call: LlmCall) -> LedgerRow:
    """The row as it is written: under the call's id, or one of its own."""
    call = call._replace(task=_plain(call.task), model=_plain(call.model), detail=_plain(call.detail))
    call = call._replace(price_source=_plain(call.price_source))
    return LedgerRow(datetime.fromtimestamp(at, UTC), call, 1, call.call_id or str(uuid4()))


def _plain(text: str) -> str:
    """Text that PostgreSQL can keep: no NUL, no lone surrogate, not endless."""
    return text if text.isascii() and len(text) <= 100 and text.isprintable() else ascii(text)[1:101]
