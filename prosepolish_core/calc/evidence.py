"""What the evidence about one dependency says by itself: the probe, and the calls really made to it.

Our own servers are judged by the probe, which writes; calls can only make that worse. An upstream is judged by the
calls, and by a question of ours where nobody calls.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..model.series import Pulse
from ..model.standing import COLLECTORS, LABELS, Calls, Probed, State
from . import numbers
from .freshness import limit_s
from .standing import Evidence

#: From this share of failed calls on a tier is degraded, or down; and so many must have failed.
FAILING, DEAD, LEAST_FAILED = 0.05, 0.9, 2
#: Fewer calls than this do not say that a tier is down.
ENOUGH = 3
#: Calls are told of this much late (a process flushes its counts every five seconds).
TOLD_LATE_S = 8.0
#: Calls older than this leave open how an upstream is now: it is asked.
QUIET_S = 10.0
#: Collectors write what they kept on disk within this time after PostgreSQL is back.
SPOOLED_S = 15.0
SLOW_DOWN = "It is left alone while it fails, and tried again all the time."


class TierEvidence(NamedTuple):
    """Calls to one tier: the newest, all of the last minute, and when one was last seen to fail.

    All are None where nobody called, or where the counts cannot be read.
    """

    newest: Calls | None = None
    minute: Calls | None = None
    failed_at: float | None = None


NO_CALLS = TierEvidence()


def own_server(probed: Probed, calls: TierEvidence, answering_since: float | None, now: float) -> Evidence:
    """Redis or PostgreSQL: the probe, made worse by calls that fail although the server has answered for a while."""
    answering = probed.state is State.UP
    found = Evidence(
        probed.name, probed.state, probed.reason, probed.action, probed.pings_s, calls.minute, answering, soft=probed.soft
    )
    newest = calls.newest
    settled = answering_since is not None and now - answering_since > TOLD_LATE_S
    if probed.state is not State.UP or newest is None or not settled or _share_state(newest) is State.UP:
        return found
    reason = f"It answers us, but {_told(newest)}."
    action = "Look at the load, the pools and the network of who calls."
    return found._replace(state=State.DEGRADED, reason=reason, action=action, soft=True)


def quiet(calls: TierEvidence, now: float) -> bool:
    """Whether nobody called lately."""
    return calls.newest is None or now - calls.newest.seen_at > QUIET_S


def upstream(probed: Probed, calls: TierEvidence, now: float) -> Evidence:
    """The dictionary API or Gemini: by its calls, unless they are too old or too few to tell."""
    name = LABELS.get(probed.name, probed.name)
    found = Evidence(probed.name, probed.state, probed.reason, probed.action, probed.pings_s, calls.minute)
    newest = calls.newest
    if newest is None or not probed.reached or (probed.state is State.UNKNOWN and not newest.asked):
        return found
    if quiet(calls, now) and probed.state is not State.UNKNOWN and probed.at > newest.seen_at:
        return found
    by_calls = _share_state(newest)
    if by_calls is State.UP:
        # What the probe has against it (a model that ends, a wrong address) stays; an old failure does not.
        if probed.state is State.DEGRADED:
            return found
        return found._replace(state=State.UP, reason=_well(newest), action="", steady=True)
    healed = calls.failed_at is not None and now - calls.failed_at > TOLD_LATE_S and probed.at > calls.failed_at
    if healed and probed.state is State.UP:
        return found
    state = by_calls
    if probed.state is State.DOWN and probed.at >= newest.seen_at - TOLD_LATE_S:
        state = State.DOWN  # our own question of these seconds fails as well
    elif newest.asked < ENOUGH:
        state = State.DEGRADED
    return found._replace(state=state, reason=f"{name} fails: {_told(newest)}.", action=SLOW_DOWN)


def collectors(pulses: Sequence[Pulse] | None, down: frozenset[str], now: float, readable_since: float | None = None) -> Evidence:
    """Whether readings arrive.

    `down` names the sources whose server is known to be away: not the collectors' fault. `readable_since`: since when
    PostgreSQL answers; what was read while it did not still waits with the collectors.
    """
    if pulses is None:
        return Evidence(COLLECTORS, State.UNKNOWN, "Their readings lie in PostgreSQL, which cannot be read.")
    if not pulses:
        return Evidence(COLLECTORS, State.UNKNOWN, "No collector has ever run.", "Start them: python -m collectors.")
    newest = max(pulses, key=lambda pulse: pulse.ts)
    at = newest.ts.timestamp()
    late = now - at > limit_s(newest.every_s)
    if late and readable_since is not None and now - readable_since < SPOOLED_S:
        return Evidence(
            COLLECTORS, State.UNKNOWN, "Their readings wait on disk: PostgreSQL takes no writes, or did not until a moment ago."
        )
    if late:
        return Evidence(
            COLLECTORS,
            State.DOWN,
            "No reading arrives: the collectors are stopped, or cannot write.",
            "Start them again: python -m collectors.",
            began=at,
        )
    failing = sorted({p.source for p in pulses if p.outcome != "ok" and p.source not in down and _lives(p, now)})
    if failing:
        why = next(p.detail or p.outcome for p in pulses if p.source == failing[0])
        reason = f"They run, but cannot read {', '.join(failing)} ({why})."
        return Evidence(COLLECTORS, State.DEGRADED, reason, "The Collectors page names what went wrong.")
    return Evidence(COLLECTORS, State.UP, "Readings arrive on time.")


def _lives(pulse: Pulse, now: float) -> bool:
    return now - pulse.ts.timestamp() <= limit_s(pulse.every_s)


def _share_state(calls: Calls) -> State:
    if not calls.failed or (calls.asked >= ENOUGH and calls.failed < LEAST_FAILED):
        return State.UP
    share = calls.failed / calls.asked
    return State.DOWN if share >= DEAD else State.DEGRADED if share >= FAILING else State.UP


def _told(calls: Calls) -> str:
    kinds = ((calls.errors, "failed"), (calls.timeouts, "took too long"), (calls.refused, "were refused"))
    told = ", ".join(f"{numbers.count(number)} {word}" for number, word in kinds if number)
    return f"of the newest {numbers.count(calls.asked)} calls {told}"


def _well(calls: Calls) -> str:
    return f"It answers: {numbers.count(calls.answered)} of the newest {numbers.count(calls.asked)} calls."
