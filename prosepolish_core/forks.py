"""One way to survive a fork: in the child every connection, lock and queue is made anew,
and the parent's are left alone.
"""

import logging
import os
import threading
import weakref
from contextlib import suppress
from types import TracebackType
from typing import Protocol


class StartsAnew(Protocol):
    """An object that owns something which two processes must not share: a socket, a lock, a thread, a queue."""

    def start_anew(self) -> None:
        """As if just made.

        What came from the parent is neither used nor closed; closing would tell the parent's server.
        """
        ...


class Settles(Protocol):
    """An object with work under way of which a child could make nothing: half an import, say."""

    def settle(self) -> None:
        """Wait, not without end, until that work is done."""
        ...


#: A fork waits no longer than this for a thread in the middle of a line of the log.
LONGEST_LINE_S = 1.0

_ALL: "weakref.WeakSet[StartsAnew]" = weakref.WeakSet()
_AT_WORK: "weakref.WeakSet[Settles]" = weakref.WeakSet()


def on_fork(owner: StartsAnew) -> None:
    """Have `owner.start_anew()` called in every forked child before it runs anything else,
    as long as the owner lives.
    """
    _ALL.add(owner)


def before_fork(owner: Settles) -> None:
    """Have `owner.settle()` called before this process forks, as long as the owner lives."""
    _AT_WORK.add(owner)


class ForkSafeLock:
    """A lock that is free in a forked child, whichever of the parent's threads held it.

    Its holder may take it again.
    """

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """Free."""
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lock.release()


class _HeldLogs(threading.local):
    """The locks of the logs, held by the thread that forks: no other thread is then in the middle of a line.

    The logging package renews its own locks in the child, but not those of the files beneath: a child that is forked
    while a thread writes a line would wait for ever at its own first line, and the threads of a core write lines.
    """

    def __init__(self) -> None:
        self._locks: list[threading.RLock] = []

    def hold(self) -> None:
        """The package's lock first, as the package itself does before a fork."""
        loggers = [logging.root, *list(logging.root.manager.loggerDict.values())]
        handlers = {handler for logger in loggers for handler in getattr(logger, "handlers", ())}
        for lock in [getattr(logging, "_lock", None), *(handler.lock for handler in handlers)]:
            if lock is not None and lock.acquire(timeout=LONGEST_LINE_S):
                self._locks.append(lock)

    def let_go(self) -> None:
        """In the parent and in the child, where most of them are new."""
        while self._locks:
            with suppress(RuntimeError):
                self._locks.pop().release()


_LOGS = _HeldLogs()


def _before() -> None:
    for owner in list(_AT_WORK):
        owner.settle()
    _LOGS.hold()


def _in_the_child() -> None:
    _LOGS.let_go()
    for owner in list(_ALL):
        owner.start_anew()


os.register_at_fork(before=_before, after_in_parent=_LOGS.let_go, after_in_child=_in_the_child)
