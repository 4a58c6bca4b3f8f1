"""The journal of calls: ledger rows on the local disk until PostgreSQL has them.

A call's row lies there before the call leaves. It survives a kill at any instant, an exit, and a PostgreSQL that is
away for as long as it likes; replayed it is in the ledger once.
"""

import logging
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import orjson

from ...drivers.disk_spool import LIMIT_BYTES, DiskSpool
from ...errors import StoreRefused
from ...forks import ForkSafeLock, on_fork
from ...model.counts import LedgerRow
from ...model.llm import LlmCall
from .ledger_store import settled_first

SUFFIX = ".calls"
#: Processes that may share one data folder.
FOLDERS = 256
#: Files read for one write; and from how many on they are put together while PostgreSQL is away.
AT_ONCE, MANY = 200, 400
log = logging.getLogger("prosepolish_core.ledger")
FIX = "set PROSEPOLISH_DATA_DIR to a folder with room that this user may write to"


class CallJournal:
    """Thread-safe, and each forked child has a folder of its own. Nothing but `ship` raises."""

    def __init__(self, root: Path, write: Callable[[Sequence[LedgerRow]], None], limit_bytes: int = LIMIT_BYTES) -> None:
        """`write` puts rows into the store; it raises StoreUnavailable."""
        self._root = root
        self._write = write
        self._limit = limit_bytes
        self._lock = ForkSafeLock()
        self._spool: DiskSpool | None = None
        #: Why rows cannot be kept on the disk just now, and what to do; empty when they can.
        self.fault = ""
        on_fork(self)

    def start_anew(self) -> None:
        """In a forked child: the parent's folder stays the parent's."""
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.close()  # this process's copies of the locks; the parent's hold on

    def __len__(self) -> int:
        return len(self._spool) if self._spool is not None else 0

    def keep(self, rows: Sequence[LedgerRow], *, durable: bool = False) -> bool:
        """Write the rows down. False when the disk does not take them; then `fault` says why."""
        try:
            with self._lock:
                spool = self._opened()
                if spool.size_bytes <= self._limit:
                    spool.append(_encoded(rows), durable=durable)
                    self.fault = ""
                    return True
                self._failed(OSError(0, f"it holds {self._limit // 1_000_000} MB, as much as it may"))
        except OSError as error:
            self._failed(error)
        return False

    def probe(self) -> str:
        """Try whether the folder can be used; the fault, or nothing."""
        try:
            with self._lock:
                self._opened()
        except OSError as error:
            self._failed(error)
        return self.fault

    def ship(self) -> bool:
        """Hand the oldest rows over; whether there were any. Raises StoreUnavailable when the store is away."""
        with self._lock:
            taken = self._read(self._spool.paths()) if self._spool is not None else {}
        if not taken:
            return False
        try:
            self._write([row for rows in taken.values() for row in rows])
        except StoreRefused:
            self._one_by_one(taken)
        else:
            self._done(taken)
        return True

    def put_together(self) -> None:
        """Many small files become one, while PostgreSQL is away: a call that is settled needs one row, not two."""
        with self._lock:
            if self._spool is None or len(self._spool) < MANY:
                return
            taken = self._read(self._spool.paths())
            if self.keep(settled_first(row for rows in taken.values() for row in rows), durable=True):
                self._done(taken)

    def adopt(self) -> None:
        """Take over what processes that were killed have left, if this process keeps a folder at all."""
        try:
            with self._lock:
                if self._spool is not None or any(self._root.glob(f"*/*{SUFFIX}")):
                    self._opened().adopt()
                    self._opened().let_go()
        except OSError as error:
            self._failed(error)

    def close(self) -> None:
        """Let go of the folder; what lies in it is shipped by the next process, or by this one's next call."""
        with self._lock:
            spool, self._spool = self._spool, None
            if spool is not None:
                spool.close()

    def _opened(self) -> DiskSpool:
        if self._spool is None:
            self._spool = DiskSpool(self._root, SUFFIX, folders=FOLDERS)
        return self._spool

    def _read(self, paths: Sequence[Path]) -> dict[Path, list[LedgerRow]]:
        """The rows of the oldest files. One that cannot be read is set aside, not lost."""
        found: dict[Path, list[LedgerRow]] = {}
        for path in islice(paths, AT_ONCE):
            try:
                found[path] = _decoded(path.read_bytes())
            except (OSError, ValueError, KeyError, TypeError, zlib.error):
                self._set_aside(path)
        return found

    def _one_by_one(self, taken: dict[Path, list[LedgerRow]]) -> None:
        """A file that the store can never take does not keep it from taking the others."""
        for path, rows in taken.items():
            try:
                self._write(rows)
            except StoreRefused:
                self._set_aside(path)
            else:
                self._done((path,))

    def _done(self, paths: Iterable[Path]) -> None:
        with self._lock:
            for path in paths:
                if self._spool is not None:
                    self._spool.done(path)

    def _set_aside(self, path: Path) -> None:
        log.warning("ledger rows that cannot be read are set aside: %s", path.name)
        with self._lock:
            if self._spool is not None:
                self._spool.set_aside(path)

    def _failed(self, error: OSError) -> None:
        fault = f"its calls cannot be written down before they leave: {self._root} is not usable ({error.strerror}); {FIX}"
        if fault != self.fault:
            log.error("the folder of ledger rows cannot be written: %s", error.strerror)
        self.fault = fault


def _encoded(rows: Sequence[LedgerRow]) -> bytes:
    return zlib.compress(orjson.dumps([[row.ts, row.calls, row.call_id, row.call.to_dict()] for row in rows]), 1)


def _decoded(data: bytes) -> list[LedgerRow]:
    found = []
    for ts, calls, call_id, plain in orjson.loads(zlib.decompress(data)):
        call = LlmCall.from_dict(plain)
        if call is None:
            raise ValueError("a row of another version")
        found.append(LedgerRow(datetime.fromisoformat(ts), call, calls, call_id))
    return found
