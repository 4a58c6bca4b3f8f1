"""The recorder: what the live path calls. Counts into the calling thread's own shard and returns; the flusher does the rest."""

import os
import threading
import time
import weakref
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..model.latency import BOUNDS_S
from ..model.outcome import Family, Outcome, Tier
from ..model.trace import Trace
from ..ports import LedgerRow, LlmCall, TelemetryWriter
from .access import AccessTrace
from .flusher import Flusher
from .shard import Cell, Shard
from .tally import Tally

#: A longer duration, a negative one and NaN are faults of the caller: counted as `bad_duration`, with no time.
LONGEST_S = 86_400.0
#: Ledger rows waiting for the flusher, from which on it is woken early.
MANY_LEDGER_ROWS = 2000


class _Owner:
    """Lives as long as its thread: its death tells the flusher that the shard will not grow any more."""

    __slots__ = ("__weakref__",)


class BufferedRecorder:
    """Implements ports.Recorder. Safe under threads and after fork; opens nothing until the first flush."""

    def __init__(
        self,
        writer: TelemetryWriter,
        *,
        flush_s: float = 5.0,
        access_key: bytes = b"",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._access_key = access_key
        self._flusher = Flusher(writer, self._drain, flush_s=flush_s, clock=clock)
        self._begin()
        _recorders.add(self)

    def _begin(self) -> None:
        """Everything that belongs to one process alone."""
        self._lock = threading.Lock()
        self._local: Any = threading.local()
        self._shards: list[tuple[weakref.ref[_Owner], Shard]] = []
        self._ledger: deque[LedgerRow] = deque()
        self._trace = AccessTrace(self._access_key)

    # --- the live path ---

    def hit(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None:
        """One step, one answer."""
        try:
            cell = self._local.answers[family, tier, outcome]
        except (AttributeError, KeyError):
            cell = self._cell(family, tier, outcome, answer=True)
        if not 0.0 <= duration_s < LONGEST_S:
            duration_s = self._bad_duration()
        cell.counts[bisect_left(BOUNDS_S, duration_s)] += 1
        cell.sum_s += duration_s

    def record(self, family: Family, trace: Trace) -> None:
        """Every step of one finished call; the last one is the answer."""
        if not trace:
            return
        for step in trace[:-1]:
            self._step(family, step.tier, step.outcome, step.duration_s)
        last = trace[-1]
        self.hit(family, last.tier, last.outcome, last.duration_s)

    def llm(self, call: LlmCall) -> None:
        """Keep one ledger row."""
        call = call._replace(task=_plain(call.task), model=_plain(call.model))
        self._ledger.append(LedgerRow(datetime.fromtimestamp(self._clock(), UTC), call))
        self._shard()
        if len(self._ledger) >= MANY_LEDGER_ROWS:
            self._flusher.wake()

    def access(self, family: Family, key: str, size_bytes: int) -> None:
        """Offer one key read for the access trace."""
        if not self._trace.offer(self._clock(), family, key, size_bytes):
            self.event("access_trace_dropped")

    def event(self, name: str, amount: int = 1) -> None:
        """Count a named event."""
        self._shard().count(_plain(name), amount)

    # --- the other end ---

    def flush(self) -> bool:
        """Write everything counted so far, now. False when the store is away; then it is kept."""
        return self._flusher.flush()

    def close(self) -> None:
        """Write what is left and stop the thread. Counting goes on afterwards, but is written only by another close."""
        self._flusher.close()

    # --- inside ---

    def _step(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None:
        try:
            cell = self._local.steps[family, tier, outcome]
        except (AttributeError, KeyError):
            cell = self._cell(family, tier, outcome, answer=False)
        if not 0.0 <= duration_s < LONGEST_S:
            duration_s = self._bad_duration()
        cell.counts[bisect_left(BOUNDS_S, duration_s)] += 1
        cell.sum_s += duration_s

    def _bad_duration(self) -> float:
        self.event("bad_duration")
        return 0.0

    def _cell(self, family: Family, tier: Tier, outcome: Outcome, *, answer: bool) -> Cell:
        shard = self._shard()
        try:
            key = Family(family), Tier(tier), Outcome(outcome)
        except ValueError:
            shard.count("bad_record", 1)
            return Cell()  # counted nowhere: the sets of words are closed
        return (shard.answers if answer else shard.steps).setdefault(key, Cell())

    def _shard(self) -> Shard:
        local = self._local
        try:
            found: Shard = local.shard
        except AttributeError:
            found, local.owner = Shard(), _Owner()
            local.shard, local.answers, local.steps = found, found.answers, found.steps
            with self._lock:
                self._shards.append((weakref.ref(local.owner), found))
            self._flusher.start()
        return found

    def _drain(self, elapsed_s: float) -> tuple[Tally, list[LedgerRow], list[Any]]:
        """What was counted since the last drain. Only the flusher calls it, under its lock."""
        with self._lock:
            shards = [(owner() is None, shard) for owner, shard in self._shards]
        tally = Tally()
        for _, shard in shards:
            for cells, answered in ((shard.answers, True), (shard.steps, False)):
                for key, cell in cells.copy().items():
                    if grown := cell.take():
                        tally.grow(key, *grown, answered=answered)
            for name, amount in shard.take_events().items():
                tally.count(name, amount)
        ended = {id(shard) for was_over, shard in shards if was_over}
        if ended:
            with self._lock:
                self._shards = [pair for pair in self._shards if id(pair[1]) not in ended]
        rows = [self._ledger.popleft() for _ in range(len(self._ledger))]
        return tally, rows, self._trace.take(elapsed_s)

    def _after_fork(self) -> None:
        """In a forked child: what the parent counted is the parent's to write."""
        self._begin()
        self._flusher.begin_again()


def _plain(text: str) -> str:
    """Text that PostgreSQL can keep: no NUL, no lone surrogate, not endless."""
    return text if text.isascii() and len(text) <= 100 and text.isprintable() else ascii(text)[1:101]


_recorders: "weakref.WeakSet[BufferedRecorder]" = weakref.WeakSet()


def _after_fork() -> None:
    for recorder in list(_recorders):
        recorder._after_fork()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
