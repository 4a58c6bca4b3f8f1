"""The spool: batches of runs on the local disk while PostgreSQL is away, replayed in order, bounded in bytes."""

import fcntl
import os
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import orjson

from prosepolish_core.errors import StartupError
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample, SlowCommand

#: At most this much is kept; then the oldest batches go, and `dropped` says how many runs went with them.
LIMIT_BYTES = 256 * 1024 * 1024
FOLDERS = 16
FIX = "set PROSEPOLISH_DATA_DIR to a folder that this user may write to"


class Spool:
    """A folder of numbered files, one whole batch each: a file is complete or it is not there.

    Every process has a folder of its own, held by a lock that dies with it; the batches of a process that was killed
    are taken over by the next one to start. Raises StartupError for a folder that cannot be used.
    """

    def __init__(self, root: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._locks: list[TextIO] = []
        try:
            self._folders = list(self._claim(root))
        except OSError as error:
            raise StartupError(f"the collectors' data folder {root} cannot be used ({error.strerror}); {FIX}") from None
        if not self._folders:
            raise StartupError(f"all {FOLDERS} folders in {root} are held by other collectors; {FIX}")
        self._next = 1 + max((number(path) for folder in self._folders for path in folder.glob("*.runs")), default=0)
        self._sizes = {path: path.stat().st_size for path in self._files()}  # oldest first, as they were put in
        self._bytes = sum(self._sizes.values())
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return self._bytes

    def append(self, runs: Sequence[Run]) -> None:
        """Keep one batch. Raises OSError when the disk does not take it."""
        path = self._folders[0] / f"{self._next:012d}.runs"
        part = path.with_suffix(".part")
        data = zlib.compress(orjson.dumps([dump(run) for run in runs]), 1)
        part.write_bytes(data)
        os.replace(part, path)
        self._next += 1
        self._sizes[path] = len(data)
        self._bytes += len(data)
        self._shrink()

    def batches(self) -> Iterator[tuple[Path, list[Run]]]:
        """Every batch, oldest first. A file that cannot be read is set aside, not lost."""
        for path in list(self._sizes):
            try:
                runs = [load(item) for item in orjson.loads(zlib.decompress(path.read_bytes()))]
            except (OSError, ValueError, KeyError, TypeError, zlib.error):
                self.set_aside(path)
                continue
            yield path, runs

    def done(self, path: Path) -> None:
        """The batch is in the store."""
        path.unlink(missing_ok=True)
        self._bytes -= self._sizes.pop(path, 0)

    def set_aside(self, path: Path) -> None:
        """Keep a batch that can never be replayed for people to look at, out of the way of the others."""
        self._bytes -= self._sizes.pop(path, 0)
        path.replace(path.with_suffix(".unreadable"))

    def close(self) -> None:
        """Let go of the folders."""
        for lock in self._locks:
            lock.close()

    def _claim(self, root: Path) -> Iterator[Path]:
        for slot in range(FOLDERS):
            folder = root / str(slot)
            if self._locks and not folder.exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            self._locks.append(lock)
            yield folder

    def _files(self) -> list[Path]:
        return sorted((path for folder in self._folders for path in folder.glob("*.runs")), key=number)

    def _shrink(self) -> None:
        while self.size_bytes > self._limit and len(self._sizes) > 1:
            oldest = next(iter(self._sizes))
            try:
                self.dropped += len(orjson.loads(zlib.decompress(oldest.read_bytes())))
            except (OSError, ValueError, zlib.error):
                self.dropped += 1
            self.done(oldest)


def number(path: Path) -> int:
    """A batch's place in the order."""
    return int(path.stem)


def dump(run: Run) -> list[Any]:
    """A run as plain JSON values."""
    samples = [[s.metric, s.value, s.kind.value, s.unit, s.labels] for s in run.samples]
    return [
        run.collector,
        run.source,
        run.tick,
        run.ts.isoformat(),
        run.duration_s,
        run.outcome.value,
        samples,
        dict(run.state),
        run.detail,
        [list(slow) for slow in run.slow],
    ]


def load(item: list[Any]) -> Run:
    """The run that `dump` gave."""
    collector, source, tick, ts, duration, outcome, samples, state, detail, slow = item
    return Run(
        collector,
        source,
        tick,
        datetime.fromisoformat(ts),
        duration,
        RunOutcome(outcome),
        tuple(Sample(m, v, Kind(k), u, tuple((a, b) for a, b in labels)) for m, v, k, u, labels in samples),
        state,
        detail,
        tuple(SlowCommand(*entry) for entry in slow),
    )
