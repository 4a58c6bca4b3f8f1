"""Single flight inside a process: callers for the same key share one request, and only answers that are fresh enough for each.

A flight knows from when on its answer is proved: whoever began by then may use it. The proof is the instant at which the
request was sent, moved forward when a lease is seen to stand later (its holder's value cannot be older than an invalidation
that was acknowledged before). A caller who began after the proof goes round again, as one flight with all the others.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ...ports import Signal

T = TypeVar("T")
_JOINING = threading.Lock()


class Flight(Generic[T]):
    """One request in progress. `result` and `error` are set before `done`, once."""

    __slots__ = ("_signal", "done", "error", "proved_from", "result")

    def __init__(self) -> None:
        self.done = False
        self.proved_from = float("-inf")
        self.result: T | None = None
        self.error: BaseException | None = None
        self._signal: Signal | None = None

    @property
    def joined(self) -> bool:
        """Whether somebody waits for the landing."""
        return self._signal is not None

    def land(self, result: T | None = None, error: BaseException | None = None) -> None:
        """Done: nothing changes any more. Neither result nor error means: no answer, go round again."""
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
