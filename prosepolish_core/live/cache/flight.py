"""One load inside a process: callers who want the same key at the same time share one request and its answer.

The safety rule: nobody is given an answer that may be older than his own question. Each flight notes an instant up to
which its answer is proved to be current, `proved_from`: when the request was sent, or later, when its lease was seen to
stand still (an invalidation would have voided the lease). A caller who asked at or before this instant takes the
answer. One who asked later starts the next flight, together with everybody else who asked later.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from ...forks import ForkSafeLock
from ...ports import Signal

T = TypeVar("T")
_JOINING = ForkSafeLock()


class Flight(Generic[T]):
    """One request in progress. `result` and `error` are set before `done`, once."""

    __slots__ = ("_signal", "done", "error", "leaseless", "proved_from", "result")

    def __init__(self) -> None:
        self.done = False
        #: Redis was asked in vain before it began, so the value may lie there all the while.
        self.leaseless = False
        self.proved_from = float("-inf")
        self.result: T | None = None
        self.error: BaseException | None = None
        self._signal: Signal | None = None

    @property
    def joined(self) -> bool:
        """Whether somebody waits for the landing."""
        return self._signal is not None

    def land(self, result: T | None = None, error: BaseException | None = None) -> None:
        """The load is over. With neither result nor error there is no answer, and the callers load again."""
        self.result, self.error = result, error
        self.done = True  # written before the signal is read; `join` does it the other way round
        if self._signal is not None:
            self._signal.set()

    def join(self, signal: Callable[[], Signal], timeout_s: float) -> bool:
        """Wait for the landing; False when the time is over."""
        with _JOINING:
            if self._signal is None:
                self._signal = signal()
            waiting = self._signal
        return self.done or waiting.wait(timeout_s) or self.done

    def serves(self, began: float) -> bool:
        """Whether a caller who began then may use what came of it."""
        return (self.result is not None or self.error is not None) and began <= self.proved_from
