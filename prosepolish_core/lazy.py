"""Parts of an object that are built when first asked for, once, however many threads ask at the same moment."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

from .forks import ForkSafeLock

Part = TypeVar("Part")
#: Where an object keeps the lock that its parts share.
_LOCK = "_lock_of_lazy_parts"


class Lazy(Generic[Part]):
    """The descriptor behind `lazy`. Once built, the part is a plain attribute: reading it takes no lock and no call."""

    def __init__(self, build: Callable[[Any], Part]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, whole: None, owner: type) -> Self: ...

    @overload
    def __get__(self, whole: object, owner: type) -> Part: ...

    def __get__(self, whole: object | None, owner: type) -> Self | Part:
        """Build the part, or wait for the thread that is building it. A build that fails is tried again by the next."""
        if whole is None:
            return self
        parts = vars(whole)
        # One lock for all parts of an object: parts are made of parts, and two locks could be taken in two orders.
        with parts.setdefault(_LOCK, ForkSafeLock()):
            if self._name not in parts:
                parts[self._name] = self._build(whole)
            part: Part = parts[self._name]
            return part


def lazy(build: Callable[[Any], Part]) -> Lazy[Part]:
    """functools.cached_property with a lock:
    from Python 3.12 on that one has none, and two threads build two of everything.
    """
    return Lazy(build)


def unlocked(whole: object) -> None:
    """In a forked child: another thread of the parent may have been building a part."""
    vars(whole).pop(_LOCK, None)
