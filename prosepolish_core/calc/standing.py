"""The judge: what was found about a dependency, and how it stood before, give how it stands now.

Quick to fall, slow to rise; `since` moves only with the state; missing evidence never improves anything.
"""

from dataclasses import replace
from typing import NamedTuple

from ..model.standing import Calls, Standing, State, Trouble

#: A better answer must go on for so long before it counts (three quick looks of the keeper).
RISE_S = 0.8
#: So many falls within FLAP_S are flapping: what flaps is degraded until it has been well for CALM_S.
FLAPS, FLAP_S, CALM_S = 3, 300.0, 60.0
#: After a longer gap in the evidence nobody knows how it stood meanwhile, and a state begins anew.
CONTINUED_S = 600.0


class Evidence(NamedTuple):
    """What the evidence says by itself.

    `began`: since when, where the evidence tells that. `answering`: whether the server does all that our probe asks.

    `soft`: one look may be mistaken (it was late once, some calls failed), so a fall needs a second one. `steady`: it
    has been so for a while already, so a rise needs no second one.
    """

    name: str
    state: State
    reason: str
    action: str = ""
    pings_s: tuple[float, ...] = ()
    calls: Calls | None = None
    answering: bool = False
    began: float | None = None
    soft: bool = False
    steady: bool = False


def judge(before: Standing | None, found: Evidence, now: float, *, damped: bool = True) -> Standing:
    """How it stands at `now`. Without damping a better answer counts at once: for who asks only once."""
    answering = (before.answering_since if before else None) or now if found.answering else None
    if before is not None and found.state is State.UNKNOWN and before.state.amiss:
        return replace(before, calls=None, effect=None, pings_s=(), answering_since=None, better_since=None, up_since=None)
    if before is None or now - before.seen_at > CONTINUED_S:
        return _begun(found, now, answering)
    falls = tuple(fall for fall in before.falls if now - fall <= FLAP_S)
    before = replace(before, up_since=(before.up_since or now) if found.state is State.UP else None)
    if found.state.rank < before.state.rank and before.state.amiss and damped:
        return _rising(before, found, now, falls, answering)
    if found.soft and damped and not before.state.amiss:
        soft_since = before.soft_since or now
        if now - soft_since < RISE_S:
            return replace(before, seen_at=now, pings_s=found.pings_s, calls=found.calls, soft_since=soft_since, falls=falls)
    if found.state.amiss and not before.state.amiss and not found.soft:
        falls = (*falls, now)
    return _moved(before, found, now, falls, answering)


def _begun(found: Evidence, now: float, answering: float | None) -> Standing:
    since = now if found.began is None else found.began
    return Standing(
        found.name,
        found.state,
        found.reason,
        found.action,
        since,
        now,
        now if found.state is State.UP else None,
        found.pings_s,
        found.calls,
        onset=since if found.state.amiss else None,
        up_since=now if found.state is State.UP else None,
        answering_since=answering,
    )


def _rising(before: Standing, found: Evidence, now: float, falls: tuple[float, ...], answering: float | None) -> Standing:
    """It looks better than before: believed after a while, and only in part while it flaps."""
    better_since = before.better_since or now
    well_s = now - (before.up_since or now)
    if not found.steady and (well_s if found.state is State.UP else now - better_since) < RISE_S:
        return replace(
            before,
            seen_at=now,
            pings_s=found.pings_s,
            calls=found.calls,
            better_since=better_since,
            answering_since=answering,
            falls=falls,
        )
    if found.state is State.UP and len(falls) >= FLAPS and well_s < CALM_S:
        reason = f"{found.reason.removesuffix('.')} now, but it failed {len(falls)} times within {FLAP_S / 60:.0f} minutes."
        flapping = found._replace(state=State.DEGRADED, reason=reason, action="Look what comes and goes: its log, the network.")
        return _moved(before, flapping, now, falls, answering)
    return _moved(before, found, now, falls, answering)


def _moved(before: Standing, found: Evidence, now: float, falls: tuple[float, ...], answering: float | None) -> Standing:
    """The state that was found counts; `since` stays where it is the same as before."""
    since = before.since
    if found.state is not before.state:
        since = now if found.began is None else min(now, max(found.began, before.since))
    onset = (before.onset or since) if found.state.amiss else None
    worst = max(before.worst, before.state, found.state, key=lambda state: state.rank) if before.onset is not None else found.state
    past = before.past
    if before.onset is not None and onset is None:
        past = Trouble(before.onset, now, worst, before.reason)
    return Standing(
        found.name,
        found.state,
        found.reason,
        found.action,
        since,
        now,
        now if found.state is State.UP else before.last_good,
        found.pings_s,
        found.calls,
        onset=onset,
        worst=worst if onset is not None else State.UP,
        past=past,
        up_since=before.up_since,
        answering_since=answering,
        falls=falls,
    )
