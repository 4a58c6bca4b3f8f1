"""The keeper: runs go to the store, or to the spool while the store is away; each run once, in order."""

import threading
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import structlog

from prosepolish_core.errors import StoreRefused, StoreUnavailable
from prosepolish_core.model.sample import Run
from prosepolish_core.ports import RunWriter

from .spool import Spool

#: A writer that waits longer than this for another's write puts its runs on the disk instead.
PATIENCE_S = 0.25
#: Batches replayed in one write.
REPLAY = 32
log = structlog.get_logger("collectors")


class RunKeeper:
    """Writes runs. Thread-safe; never raises for a store that is away or a disk that is full."""

    def __init__(self, store: RunWriter, spool: Spool) -> None:
        self._store = store
        self._spool = spool
        self._writing = threading.Lock()
        self._spooling = threading.Lock()
        self.away = len(spool) > 0
        self.lost = 0
        self._in_hand: Sequence[Run] = ()
        self.written = 0
        self.write_s = 0.0

    @property
    def spooled(self) -> int:
        """Batches that wait on the disk."""
        return len(self._spool)

    @property
    def spooled_bytes(self) -> int:
        """Bytes that wait on the disk."""
        return self._spool.size_bytes

    @property
    def dropped(self) -> int:
        """Runs given up: the spool was full, or the disk did not take them."""
        return self._spool.dropped + self.lost

    def write(self, runs: Sequence[Run]) -> None:
        """Keep the runs: in the store, or on the disk when the store is away or slow."""
        if not runs:
            return
        if self.away or not self._writing.acquire(timeout=PATIENCE_S):
            self._keep(runs)
            return
        self._in_hand = runs
        try:
            self.lost += self._store_what_it_takes(runs)
        except StoreUnavailable as error:
            log.warning("store_away", reason=str(error))
            self._keep(runs)
        finally:
            self._in_hand = ()
            self._writing.release()

    def close(self) -> None:
        """The process ends: what the store has not taken yet goes to the disk. Written twice it is still there once."""
        if runs := self._in_hand:
            self._keep(runs)

    def drain(self, stop: threading.Event) -> None:
        """Replay what waits on the disk, oldest first, as far as the store takes it, until `stop`.

        Called by one thread.
        """
        if not self.away or not self._writing.acquire(timeout=PATIENCE_S):
            return
        try:
            while not stop.is_set():
                with self._spooling:
                    batches = list(islice(self._spool.batches(), REPLAY))
                    if not batches:
                        self.away = False
                        log.info("store_back")
                        return
                self._replay(batches)
        except StoreUnavailable:
            return
        finally:
            self._writing.release()

    def _replay(self, batches: list[tuple[Path, list[Run]]]) -> None:
        try:
            self._store_runs([run for _, runs in batches for run in runs])
        except Exception as error:
            if is_away(error):
                raise
            for path, runs in batches:
                refused = self._store_what_it_takes(runs)
                with self._spooling:
                    (self._spool.set_aside if refused else self._spool.done)(path)
            return
        with self._spooling:
            for path, _ in batches:
                self._spool.done(path)

    def _store_what_it_takes(self, runs: Sequence[Run]) -> int:
        """Write; a run that the store can never take does not keep it from taking the others.

        Gives how many it refuses.
        """
        try:
            self._store_runs(runs)
        except Exception as error:
            if is_away(error):
                raise
            if len(runs) == 1:
                log.warning("run_refused", collector=runs[0].collector, source=runs[0].source, reason=type(error).__name__)
                return 1
            half = len(runs) // 2
            return self._store_what_it_takes(runs[:half]) + self._store_what_it_takes(runs[half:])
        return 0

    def _store_runs(self, runs: Sequence[Run]) -> None:
        began = time.monotonic()
        self._store.write(runs)
        self.write_s = time.monotonic() - began
        self.written += len(runs)

    def _keep(self, runs: Sequence[Run]) -> None:
        with self._spooling:
            self.away = True
            try:
                self._spool.append(runs)
            except OSError as error:
                self.lost += len(runs)
                log.warning("spool_refused", runs=len(runs), reason=error.strerror)


def is_away(error: Exception) -> bool:
    """Whether the store may take the same runs later; any other error is about the runs themselves."""
    return isinstance(error, StoreUnavailable) and not isinstance(error, StoreRefused)
