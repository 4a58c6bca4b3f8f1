"""What a loader gives, and what comes of asking for a load."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ...model.outcome import Outcome

NEVER = float("-inf")


class Loaded(NamedTuple):
    """A value from below. `keep=False`: answer whoever waits, store nothing. `extra` never leaves this process.

    `proved_from`: an instant of the monotonic clock at which the source itself still vouched for the value.
    """

    value: Any
    keep: bool = True
    ttl_s: float | None = None
    extra: Any = None
    proved_from: float = NEVER


class Later(NamedTuple):
    """The quick part of a load found nothing: go on in the background with this."""

    finish: Callable[[float], Loaded]


Loader = Callable[[float], Loaded | Later]


class NoLoad(Exception):
    """No answer for this caller: TIMEOUT (`deadline`) or REFUSED (`saturated`)."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


class Landing(NamedTuple):
    """What a flight came to: bytes that lay in Redis or were told by a holder, or what was loaded here.

    `filled` is how many bytes now lie in Redis, 0 when the value was not kept there.
    """

    stored: bytes | None = None
    loaded: Loaded | None = None
    woken: bool = False
    filled: int = 0
    fault: str = ""
    fault_outcome: Outcome = Outcome.ERROR
    #: Instant at which Redis had been asked, and the load began.
    asked: float = NEVER


def complete(found: Loaded | Later, until: float) -> Loaded:
    """Both parts of a load in one go."""
    return found if isinstance(found, Loaded) else found.finish(until)
