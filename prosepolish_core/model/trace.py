"""What one call did, tier by tier."""

from typing import NamedTuple

from .outcome import Outcome, Tier


class TraceStep(NamedTuple):
    """One tier asked once.

    `start_s` counts from the beginning of the call, `duration_s` is the time in this tier; both in seconds of the
    monotonic clock. `filled` names the tiers above that were given this tier's answer; a quick load does not wait to
    hear that Redis took it, and a refusal is counted as the event `lease_lost` when it is heard. `detail` is a short
    machine word such as `breaker_open` or `404`, never a value or a message of a driver.
    """

    tier: Tier
    outcome: Outcome
    start_s: float
    duration_s: float
    filled: tuple[Tier, ...] = ()
    detail: str = ""


Trace = tuple[TraceStep, ...]
