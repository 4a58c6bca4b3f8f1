"""How an alert moves between inactive, pending and firing:
held before it fires, cleared below its clear level, also held.

The clear level counts for a firing alert only: a pending one falls back as soon as its condition ceases.
"""

from dataclasses import dataclass
from math import isnan

from ..model.alert import AlertState, Held, NoData
from ..model.health import Level


@dataclass(frozen=True, slots=True)
class Threshold:
    """One level of a rule: fires when the value is beyond `fire` for `hold_s`,
    clears when it is back at `clear` for `clear_s`.

    `falling`: beyond means below. An unknown value counts as `no_data` says.
    """

    level: Level
    fire: float
    clear: float
    hold_s: float
    clear_s: float
    falling: bool = False
    no_data: NoData = NoData.HOLD

    def beyond(self, value: float) -> bool:
        """Whether the value calls for firing."""
        return value < self.fire if self.falling else value > self.fire

    def is_clear(self, value: float) -> bool:
        """Whether the value would end the firing."""
        return value >= self.clear if self.falling else value <= self.clear


def step(before: Held, threshold: Threshold, value: float | None, now: float) -> Held:
    """The state after one look at `now`; looks come in order of time. `value` None or NaN is unknown."""
    known = None if value is None or isnan(value) else value
    if known is None and threshold.no_data is NoData.HOLD:
        return _on_hold(before, threshold, now)
    if before.state is AlertState.FIRING:
        clear = threshold.no_data is NoData.CLEAR if known is None else threshold.is_clear(known)
        return _firing(before, threshold, clear, known, now)
    beyond = threshold.no_data is NoData.FIRE if known is None else threshold.beyond(known)
    if not beyond:
        return Held(AlertState.INACTIVE, Level.OK, before.since if before.state is AlertState.INACTIVE else now, None, known)
    since = now if before.leaning_since is None or before.state is AlertState.INACTIVE else before.leaning_since
    if now - since >= threshold.hold_s:
        return Held(AlertState.FIRING, threshold.level, since, None, known)
    return Held(AlertState.PENDING, threshold.level, since, since, known)


def _on_hold(before: Held, threshold: Threshold, now: float) -> Held:
    """Nothing is known: a firing alert stays and does not count time towards its end; a pending one begins anew."""
    if before.state is AlertState.FIRING:
        return Held(AlertState.FIRING, threshold.level, before.since, None, None)
    return Held(AlertState.INACTIVE, Level.OK, before.since if before.state is AlertState.INACTIVE else now, None, None)


def _firing(before: Held, threshold: Threshold, clear: bool, value: float | None, now: float) -> Held:
    if not clear:
        return Held(AlertState.FIRING, threshold.level, before.since, None, value)
    since = now if before.leaning_since is None else before.leaning_since
    if now - since >= threshold.clear_s:
        return Held(AlertState.INACTIVE, Level.OK, now, None, value)
    return Held(AlertState.FIRING, threshold.level, before.since, since, value)
