"""Limits and decisions: what is allowed how often, and what the limiter said about one call."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from math import inf
from typing import Any, NamedTuple, Self, TypeVar

from ..errors import InvalidLimit

#: Largest limit and largest cost. Scripts add these in doubles; far below 2^53 nothing is rounded.
MOST = 1_000_000_000
#: Longest window: 30 days.
LONGEST_S = 30 * 86_400
#: The exact log is the default up to here (12 bytes a hit), and possible on request up to `LARGEST_LOG`.
DEFAULT_LOG = 1_000
LARGEST_LOG = 10_000


class Algorithm(StrEnum):
    """How hits are remembered."""

    LOG = "log"  #: every hit's instant: never more than the limit in any window
    GCRA = "gcra"  #: one instant: smooth, constant size, up to twice the limit in the worst window
    WINDOW = "window"  #: a count and the end of its window, armed by the first hit: up to twice the limit in the worst window


class Outage(StrEnum):
    """What a limit does while its server is away."""

    LOCAL = "local"  #: count in this process, against this process's share
    REFUSE = "refuse"  #: deny: for log-ins and everything that must not be guessed at
    ALLOW = "allow"  #: let pass: for health pages


class _Fields(NamedTuple):
    amount: int
    per_s: int
    algorithm: Algorithm
    outage: Outage
    shadow: bool
    subject: str | None
    name: str


class Limit(_Fields):
    """At most `amount` per `per_s` seconds. Raises InvalidLimit (a ValueError) when it cannot mean anything.

    `subject` replaces the call's subject for this limit, so that one call can test a user, an address and everybody at
    once. A `shadow` limit never denies: the decision says that it would have. `name` is what headers call it.
    """

    __slots__ = ()

    def __new__(
        cls,
        amount: int,
        per_s: int,
        algorithm: Algorithm | str | None = None,
        *,
        outage: Outage | str = Outage.LOCAL,
        shadow: bool = False,
        subject: str | None = None,
        name: str = "",
    ) -> Self:
        """Check every field; choose the exact log for limits up to 1,000 and GCRA above."""
        whole("a limit", amount, 0, MOST)
        whole("a window in seconds", per_s, 1, LONGEST_S)
        try:
            how = Algorithm(algorithm) if algorithm else (Algorithm.LOG if amount <= DEFAULT_LOG else Algorithm.GCRA)
            away = Outage(outage)
        except ValueError:
            raise InvalidLimit("algorithm is log, gcra or window; outage is local, refuse or allow") from None
        if how is Algorithm.LOG and amount > LARGEST_LOG:
            raise InvalidLimit(f"the exact log remembers at most {LARGEST_LOG} hits; use gcra")
        for field, value, kinds in (("shadow", shadow, bool), ("name", name, str), ("subject", subject, str | None)):
            if not isinstance(value, kinds):
                raise InvalidLimit(f"{field} has the wrong type")
        return super().__new__(cls, amount, per_s, how, away, shadow, subject, name)

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Self:  # type: ignore[override]
        """What `_replace` makes is checked like any other limit."""
        return _checked(cls, *iterable)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles, checked as well."""
        return _checked, (type(self), *self)

    def on(self, subject: str) -> "Limit":
        """The same limit counted for another subject."""
        return Limit(
            self.amount,
            self.per_s,
            self.algorithm,
            outage=self.outage,
            shadow=self.shadow,
            subject=subject,
            name=self.name,
        )

    @property
    def fingerprint(self) -> str:
        """What the key carries: a changed limit begins with a clean count instead of misreading the old one."""
        return f"{self.algorithm.value[0]}{self.amount}-{self.per_s}"


_L = TypeVar("_L", bound=Limit)


def _checked(
    cls: type[_L], amount: int, per_s: int, algorithm: str, outage: str, shadow: bool, subject: str | None, name: str
) -> _L:
    return cls(amount, per_s, algorithm, outage=outage, shadow=shadow, subject=subject, name=name)


class LimitState(NamedTuple):
    """One limit as one call left it.

    `retry_after_us` is 0 when this limit would admit the call, -1 when it never will.
    """

    limit: Limit
    remaining: int
    retry_after_us: int
    reset_us: int


class Decision(NamedTuple):
    """What the limiter said about one call; `limit` is the one that decided (the tightest when the call is allowed).

    Instants and spans are whole microseconds of the server's clock. `degraded`: the server could not be asked and the
    limits' outage policies answered. `never`: the cost is above the limit, so waiting cannot help. `replayed`: this
    request id was charged before, and this is that answer. `would_deny`: a shadow limit objected. `mode` is `atomic`,
    `two_phase` (a cluster, subjects in different slots), `local`, or `off` (the kill switch).
    """

    allowed: bool
    remaining: int
    retry_after_us: int
    reset_us: int
    limit: Limit
    at_us: int
    states: tuple[LimitState, ...] = ()
    degraded: bool = False
    never: bool = False
    replayed: bool = False
    would_deny: bool = False
    mode: str = "atomic"
    reason: str = ""

    @property
    def retry_after_s(self) -> float:
        """Seconds after which the same call is admitted if nobody else is; 0 when allowed, infinite when never."""
        return inf if self.retry_after_us < 0 else self.retry_after_us / 1e6

    @property
    def reset_at(self) -> datetime:
        """The instant at which the whole limit is free again, by the server's clock."""
        return datetime.fromtimestamp(self.reset_us / 1e6, UTC)


def whole(what: str, value: object, least: int, most: int) -> int:
    """The value, if it is a true integer in range. A bool, a float and NaN are not."""
    if type(value) is not int or not least <= value <= most:
        raise InvalidLimit(f"{what} must be a whole number from {least} to {most}")
    return value
