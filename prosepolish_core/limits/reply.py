"""What the script's reply means: exact integers in, a Decision out. No I/O, no clock."""

from collections.abc import Sequence
from functools import partial

from ..model.limit import Algorithm, Decision, Limit, LimitState
from .plan import Plan

GCRA = Algorithm.GCRA
LOG = Algorithm.LOG
#: A NamedTuple's own constructor handles keywords first: three times as slow, and this runs for every limit of every call.
_state = partial(tuple.__new__, LimitState)
_decision = partial(tuple.__new__, Decision)


def decide(plan: Plan, body: bytes, *, charging: bool = True) -> Decision:
    """The decision of one call. `body`: allowed (2: remembered), the instant in µs, and three numbers per limit.

    `charging`: whether an allowed call was counted. Raises struct.error when the body does not fit the plan.
    """
    allowed, at_us, *numbers = plan.shape.unpack(body)
    cost, charged = plan.cost, charging and allowed
    states = []
    three = iter(numbers)
    for limit, x, y, z in zip(plan.limits, three, three, three, strict=True):
        if limit.algorithm is GCRA:
            state = _gcra(limit, cost, at_us, x, y, charged)
        elif y:
            state = _state((limit, max(limit.amount - x, 0), y, z))
        elif charged:
            reset_us = at_us + limit.per_s * 1_000_000 if limit.algorithm is LOG else z
            state = _state((limit, limit.amount - x - cost, 0, reset_us))
        else:
            state = _state((limit, limit.amount - x, 0, z if x else at_us))
        states.append(state)
    return from_states(allowed > 0, at_us, tuple(states), replayed=allowed == 2)


def from_states(allowed: bool, at_us: int, states: tuple[LimitState, ...], *, replayed: bool = False) -> Decision:
    """The decision that the limits' states add up to: the tightest limit decides an allowed call, the slowest a denied one."""
    binding, would_deny = states[0], False
    if len(states) > 1 or binding.limit.shadow:
        enforced: Sequence[LimitState] = states
        if shadows := [s for s in states if s.limit.shadow]:
            would_deny = any(s.retry_after_us for s in shadows)
            enforced = [s for s in states if not s.limit.shadow] or states
        binding = min(enforced, key=_tightness) if allowed else max(enforced, key=_severity)
    _, remaining, retry_after_us, reset_us = binding
    never = retry_after_us < 0 and not allowed
    retry_after_us = 0 if allowed else retry_after_us
    told = (allowed, remaining, retry_after_us, reset_us, binding.limit, at_us, states, False, never, replayed, would_deny)
    return _decision((*told, "atomic", ""))


def _tightness(state: LimitState) -> tuple[int, int]:
    return state.remaining, -state.reset_us


def _severity(state: LimitState) -> tuple[bool, int]:
    return state.retry_after_us < 0, state.retry_after_us


def _gcra(limit: Limit, cost: int, at_us: int, free: int, part: int, charged: bool) -> LimitState:
    """All in units of 1/amount µs, where one hit costs exactly one window."""
    amount, window = limit.amount, limit.per_s * 1_000_000
    if not amount:
        return _state((limit, 0, -1, at_us))
    debt = max((free - at_us) * amount + part, 0)
    room = window * amount - debt
    fits = cost * window <= room
    if charged and fits:
        debt += cost * window
        room -= cost * window
    retry = 0 if fits else -1 if cost > amount else -((room - cost * window) // amount)
    return _state((limit, room // window, retry, at_us + -(-debt // amount)))
