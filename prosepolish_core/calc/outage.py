"""Which faults of an upstream a breaker counts: those that the next request would meet too."""

from ..model.outcome import FAILED, Outcome
from .breaker import Breaker

#: Faults that never reached the upstream, and so say nothing about it: no turn, nothing to ask with, no SDK, no need.
OURS = frozenset({"paced", "no_backend", "sdk_loading", "sdk_missing", "unfit_lately"})
#: Faults of one request or of its reply: the upstream is there and does its work. A 400 is no outage, nor is one odd
#: word.
OF_THE_REQUEST = frozenset({"400", "413", "414", "422", "too_large", "no_meanings"})


def is_outage(outcome: Outcome, detail: str) -> bool:
    """By the typed outcome and its machine word."""
    return outcome in FAILED and detail not in OURS and detail not in OF_THE_REQUEST


def tell(breaker: Breaker, outcome: Outcome, detail: str, ended: float, duration_s: float, retry_after_s: float | None) -> None:
    """Tell the breaker how a call ended, unless the call never reached the upstream."""
    if is_outage(outcome, detail):
        breaker.failure(ended, retry_after_s or 0.0, duration_s)
    elif detail not in OURS:
        breaker.success(ended, duration_s)
