"""The cache server as the caching layer uses it: values, leases, wake-ups."""

from collections.abc import Callable, Sequence
from typing import Protocol

from ..errors import CacheUnavailable
from ..model.lease import Claim, Fill, Wake

#: Hears what came of a fill: whether its lease stood, or None when the reply was lost; and the server's fault, if it
#: refused.
Settle = Callable[[bool | None, CacheUnavailable | None], None]


class Signal(Protocol):
    """An event that one thread waits for and another sets."""

    def set(self) -> None:
        """Wake whoever waits."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait; False when the time is over."""


class CacheServer(Protocol):
    """Redis as the caching layer needs it.

    Every method raises CacheUnavailable for a fault of the server, in bounded time.
    """

    def get(self, key: str) -> bytes | None:
        """What is stored: a value, a lease, or nothing. One plain GET."""

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The same for many keys, in order, in one round trip."""

    def take(self, claims: Sequence[tuple[str, str]], lease_ms: int, *, refresh: bool = False, waits: bool = True) -> list[Claim]:
        """Ask for leases: (key, token) each. With `refresh`, a stored value does not stand in the way.

        With `waits`, the holder of a lease that is found is told that somebody waits; the plain way is quicker. One
        round trip.
        """

    def fill(self, fills: Sequence[Fill]) -> list[bool]:
        """Store values whose lease still stands, and wake who waits. False where the lease was voided.

        One round trip.
        """

    def fill_soon(self, fill: Fill, settle: Settle) -> None:
        """The same for one value, without waiting:
        it is on its way when this returns, and `settle` hears the reply later.
        """

    def collect(self) -> bool:
        """Read the replies that are still owed by idle connections; False when none were."""

    def renew(self, claims: Sequence[tuple[str, str]], lease_ms: int) -> None:
        """Prolong leases that still stand."""

    def drop(self, keys: Sequence[str]) -> int:
        """Delete values and void leases; gives how many keys there were."""

    def ping(self) -> None:
        """Ask for a sign of life on a new connection."""

    def reset(self) -> None:
        """Let go of every connection: the next use finds the primary anew."""

    def listen(self, timeout_s: float) -> bool:
        """Start to hear wake-ups; True when that is so already or within the time given."""

    def expect(self, token: str, signal: Signal) -> None:
        """Set the signal when the holder of this lease speaks, or when wake-ups may have been missed."""

    def heard(self, token: str) -> Wake | None:
        """What the holder said, if anything; the expectation ends."""
