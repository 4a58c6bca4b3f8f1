"""One way to survive a fork: in the child every connection, lock and queue is made anew,
and the parent's are left alone.
"""

import os
import threading
import weakref
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


def _before() -> None:
    for owner in list(_AT_WORK):
        owner.settle()


def _in_the_child() -> None:
    for owner in list(_ALL):
        owner.start_anew()


os.register_at_fork(before=_before, after_in_child=_in_the_child)
