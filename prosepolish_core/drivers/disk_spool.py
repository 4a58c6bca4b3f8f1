"""Batches of bytes on the local disk while a store is away: numbered files, replayed in order, bounded in bytes."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

#: At most this much is kept; then the oldest batches go, and `shrunk` tells whoever appended which.
LIMIT_BYTES = 256 * 1024 * 1024
FOLDERS = 16


class DiskSpool:
    """A folder of numbered files, one whole batch each: a file is complete or it is not there.

    Every process has a folder of its own, held by a lock that dies with it; the batches of a process that was killed
    are taken over by the next one to start, or by one that asks with `adopt`. Not thread-safe: its owner holds a lock.
    Raises OSError for a folder that cannot be used, BlockingIOError when all folders are held by others.
    """

    def __init__(self, root: Path, suffix: str, *, folders: int = FOLDERS) -> None:
        self._root = root
        self._suffix = suffix
        self._limit_folders = folders
        self._locks: dict[Path, TextIO] = {}
        self._sizes: dict[Path, int] = {}
        self._next = 1
        self.size_bytes = 0
        self.adopt()
        if not self._locks:
            raise BlockingIOError(f"all {folders} folders in {root} are held by others")
        self._own = next(iter(self._locks))

    def __len__(self) -> int:
        return len(self._sizes)

    def append(self, data: bytes, *, durable: bool = False) -> None:
        """Keep one batch. Raises OSError when the disk does not take it.

        Without `durable` it survives the end of this process, however hard, and not that of the machine.
        """
        path = self._own / f"{self._next:012d}{self._suffix}"
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.replace(part, path)
            self._next += 1
            self._sizes[path] = len(data)
            self.size_bytes += len(data)
            if durable:
                os.fsync(file.fileno())  # after the renaming, which goes to the disk in the same journal entry

    def paths(self) -> list[Path]:
        """Every batch, oldest first."""
        return list(self._sizes)

    def done(self, path: Path) -> None:
        """The batch is in the store."""
        path.unlink(missing_ok=True)
        self.size_bytes -= self._sizes.pop(path, 0)

    def set_aside(self, path: Path) -> None:
        """Keep a batch that can never be replayed for people to look at, out of the way of the others."""
        self.size_bytes -= self._sizes.pop(path, 0)
        path.replace(path.with_suffix(".unreadable"))

    def beyond(self, limit_bytes: int) -> Iterator[Path]:
        """The oldest batches, as long as there is more than this; the caller lets each go with `done`."""
        while self.size_bytes > limit_bytes and len(self._sizes) > 1:
            yield next(iter(self._sizes))

    def adopt(self) -> None:
        """Take over the folders that nobody holds, and what lies in them."""
        new = list(self._claim())
        fresh = sorted((path for folder in new for path in folder.glob(f"*{self._suffix}")), key=number)
        for path in fresh:
            self._sizes[path] = path.stat().st_size
            self.size_bytes += self._sizes[path]
        self._next = max([self._next, *(number(path) + 1 for path in fresh)])

    def let_go(self) -> None:
        """Give back the folders that were taken over and are empty now."""
        used = {self._own, *(path.parent for path in self._sizes)}
        for folder in self._locks.keys() - used:
            self._locks.pop(folder).close()

    def close(self) -> None:
        """Let go of the folders."""
        for lock in self._locks.values():
            lock.close()

    def _claim(self) -> Iterator[Path]:
        for slot in range(self._limit_folders):
            folder = self._root / str(slot)
            if folder in self._locks or (self._locks and not folder.exists()):
                continue
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            self._locks[folder] = lock
            yield folder


def number(path: Path) -> int:
    """A batch's place in the order."""
    return int(path.stem)
