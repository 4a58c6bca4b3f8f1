"""The background thread: drains the recorder at every tick and hands the backlog to the store,
again and again while it is away.
"""

import atexit
import contextlib
import threading
import time
import weakref
from collections.abc import Callable
from uuid import UUID, uuid4

from ...errors import InvalidInput, ProsePolishError
from ...model.counts import AccessChunk, LedgerRow, TelemetryBatch
from ...ports import TelemetryWriter
from .backlog import Backlog
from .call_journal import CallJournal
from .tally import Tally

#: Width of the finest stored bucket, and how often notes are counted at least.
BUCKET_S = 10
LONGEST_TICK_S = 1.0
#: How long closing waits for a flush that is under way, and how long a flush by a caller goes on beginning batches.
LONGEST_JOIN_S, LONGEST_FLUSH_S = 5.0, 5.0
#: How often a process looks for ledger rows that killed ones have left.
ADOPT_S = 30.0
#: Most batches of one flush; the rest follows at the next tick.
MOST_BATCHES = 20

#: Seconds since the last one, and whether it may pause on the way, so that others go on -> what was noted.
Drain = Callable[[float, bool], tuple[Tally, list[LedgerRow], list[AccessChunk]]]


class Flusher:
    """Owns the backlog and the thread.

    A batch that may have been written is sent again unchanged, under the same number.
    """

    def __init__(
        self,
        writer: TelemetryWriter,
        drain: Drain,
        *,
        journal: CallJournal | None = None,
        flush_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._writer = writer
        self._drain = drain
        self._flush_s = flush_s
        self._tick_s = min(flush_s, LONGEST_TICK_S)
        self._clock = clock
        self.start_anew()
        atexit.register(_close, weakref.ref(self))

    def start_anew(self) -> None:
        """A process of its own, with nothing counted yet; so also in a forked child."""
        self._process: UUID = uuid4()
        self._sequence = 0
        self._backlog = Backlog()
        self._unsure: TelemetryBatch | None = None
        self._drained_at = time.monotonic()
        self._refused = False
        self._next_at = 0.0
        self._adopt_at = 0.0
        self._draining = threading.Lock()  # the recorder's queues and the backlog
        self._sending = threading.Lock()  # the writer; never held while waiting for the other one's holder to write
        self._start_lock = threading.Lock()
        self._wakened = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, once, when there is something to flush for the first time."""
        if self._thread is None and not self._stopping:
            with self._start_lock, contextlib.suppress(RuntimeError):  # none can start while the interpreter exits
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="prosepolish-telemetry", daemon=True)
                    thread.start()
                    self._thread = thread

    def wake(self) -> None:
        """Drain soon."""
        self._wakened.set()

    def collect(self) -> None:
        """Drain now, in the calling thread, unless somebody is at it."""
        if self._draining.acquire(blocking=False):
            try:
                self._drain_into_backlog()
            finally:
                self._draining.release()

    def flush(self) -> bool:
        """Drain, then write everything. False when the store is away, refuses everything or takes too long."""
        end = time.monotonic() + LONGEST_FLUSH_S
        with self._draining:
            self._drain_into_backlog()
        with self._sending:
            while self._unsure or self._backlog or self._journal:
                if time.monotonic() > end or not (self._send() if self._unsure or self._backlog else self._ship()):
                    return False
            return True

    def close(self) -> None:
        """Stop the thread and write what is left."""
        self._stopping = True
        self._wakened.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=LONGEST_JOIN_S)
        self.flush()
        if self._journal is not None:
            self._journal.close()
        self._writer.close()
        self._stopping = False

    def _run(self) -> None:
        while not self._stopping:
            self._wakened.wait(self._to_next_tick())
            self._wakened.clear()
            if not self._stopping:
                self._tick()

    def _to_next_tick(self) -> float:
        """Ticks fall on whole multiples of their length, so that what is drained belongs to one bucket."""
        return self._tick_s - self._clock() % self._tick_s

    def _tick(self) -> None:
        with self._draining:
            self._drain_into_backlog(gently=True)
        if time.monotonic() < self._next_at - 0.01:
            return
        with self._sending:
            for _ in range(MOST_BATCHES):
                if not (self._unsure or self._backlog):
                    break
                if not self._send():
                    self._put_together()
                    return
            while self._ship():
                pass

    def _ship(self) -> bool:
        """Hand ledger rows over; whether some were taken. Looks for those of killed processes now and then."""
        if self._journal is None:
            return False
        if time.monotonic() >= self._adopt_at:
            self._adopt_at = time.monotonic() + ADOPT_S
            self._journal.adopt()
        try:
            shipped = self._journal.ship()
        except ProsePolishError:
            self._put_together()
            return False
        if shipped:
            self._next_at = time.monotonic() + self._flush_s - self._tick_s
        return shipped

    def _put_together(self) -> None:
        if self._journal is not None:
            self._journal.put_together()

    def _drain_into_backlog(self, *, gently: bool = False) -> None:
        now = time.monotonic()
        elapsed, self._drained_at = now - self._drained_at, now
        middle = self._clock() - min(elapsed, self._tick_s) / 2
        tally, ledger, accesses = self._drain(elapsed, gently)
        if self._journal is not None and ledger and self._journal.keep(ledger):
            ledger = []  # from the disk they are shipped; what it does not take waits here
        self._backlog.add(int(middle // BUCKET_S) * BUCKET_S, tally, ledger, accesses)

    def _send(self) -> bool:
        if self._unsure is None:
            self._sequence += 1
            with self._draining:
                self._unsure = self._backlog.take(self._process, self._sequence)
        try:
            self._writer.write(self._unsure)
        except InvalidInput:  # nothing of it can ever be written; going on is better than stopping here
            self._unsure = None
            with self._draining:
                self._backlog.note(int(self._clock() // BUCKET_S) * BUCKET_S, "telemetry_batch_refused")
            again, self._refused = self._refused, True
            return not again  # that note is a batch too: were each refused, this would never end
        except ProsePolishError:
            return False
        self._unsure, self._refused = None, False
        self._next_at = time.monotonic() + self._flush_s - self._tick_s
        return True


def _close(reference: "weakref.ref[Flusher]") -> None:
    flusher = reference()
    if flusher is not None:
        flusher.close()
