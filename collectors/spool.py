"""The spool: batches of runs on the local disk while PostgreSQL is away, replayed in order, bounded in bytes."""

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from prosepolish_core.drivers.disk_spool import FOLDERS, LIMIT_BYTES, DiskSpool
from prosepolish_core.errors import StartupError
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample, SlowCommand

FIX = "set PROSEPOLISH_DATA_DIR to a folder that this user may write to"


class Spool:
    """Runs as batches of a disk spool; `dropped` says how many runs went because it was full.

    Raises StartupError for a folder that cannot be used.
    """

    def __init__(self, root: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self.dropped = 0
        try:
            self._disk = DiskSpool(root, ".runs")
        except BlockingIOError:
            raise StartupError(f"all {FOLDERS} folders in {root} are held by other collectors; {FIX}") from None
        except OSError as error:
            raise StartupError(f"the collectors' data folder {root} cannot be used ({error.strerror}); {FIX}") from None

    def __len__(self) -> int:
        return len(self._disk)

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return self._disk.size_bytes

    def append(self, runs: Sequence[Run]) -> None:
        """Keep one batch. Raises OSError when the disk does not take it."""
        self._disk.append(zlib.compress(orjson.dumps([dump(run) for run in runs]), 1))
        for oldest in self._disk.beyond(self._limit):
            try:
                self.dropped += len(orjson.loads(zlib.decompress(oldest.read_bytes())))
            except (OSError, ValueError, zlib.error):
                self.dropped += 1
            self._disk.done(oldest)

    def batches(self) -> Iterator[tuple[Path, list[Run]]]:
        """Every batch, oldest first. A file that cannot be read is set aside, not lost."""
        for path in self._disk.paths():
            try:
                runs = [load(item) for item in orjson.loads(zlib.decompress(path.read_bytes()))]
            except (OSError, ValueError, KeyError, TypeError, zlib.error):
                self.set_aside(path)
                continue
            yield path, runs

    def done(self, path: Path) -> None:
        """The batch is in the store."""
        self._disk.done(path)

    def set_aside(self, path: Path) -> None:
        """Keep a batch that can never be replayed for people to look at, out of the way of the others."""
        self._disk.set_aside(path)

    def close(self) -> None:
        """Let go of the folders."""
        self._disk.close()


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
