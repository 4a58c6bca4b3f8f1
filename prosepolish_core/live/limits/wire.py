"""What one check sends and gets: a set of limits packed for the script,
the keys of its subjects, and the reply as a Decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

from ...drivers.redis_wire import bulk
from ...errors import InvalidIdentifier, InvalidLimit
from ...model.keys import RATE_LIMIT, encode
from ...model.limit import MOST, Algorithm, Decision, Limit, LimitState, whole

#: Most limits tested by one call.
MOST_LIMITS = 16
LONGEST_SUBJECT = 256
LONGEST_REQUEST_ID = 128
#: Limits without a name are counted together.
UNNAMED = "unnamed"
#: A request id is remembered for the longest window of its call, but at least and at most so long.
REMEMBER_S = (60, 3600)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What of a call depends only on its limits and its cost.

    `charging` and `looking` are the script's argument for either, `shape` is how its reply is packed, `counted` are the
    events of a call.
    """

    limits: tuple[Limit, ...]
    cost: int
    suffixes: tuple[str, ...]
    subjects: tuple[str | None, ...]
    charging: bytes
    looking: bytes
    shape: Struct
    counted: tuple[str, ...]


def plan(limits: Sequence[Limit], cost: int) -> Plan:
    """Check and pack. Raises InvalidLimit; nothing has been asked of any server."""
    whole("a cost", cost, 1, MOST)
    chosen = tuple(limits)
    if not 1 <= len(chosen) <= MOST_LIMITS or not all(isinstance(limit, Limit) for limit in chosen):
        raise InvalidLimit(f"a call tests 1 to {MOST_LIMITS} limits, each a Limit")
    if len({(limit.subject, limit.fingerprint) for limit in chosen}) != len(chosen):
        raise InvalidLimit("the same limit is named twice in one call")
    for limit in chosen:
        if limit.subject is not None:
            checked("a limit's subject", limit.subject, LONGEST_SUBJECT)
    remember_s = min(max(REMEMBER_S[0], *(limit.per_s for limit in chosen)), REMEMBER_S[1])
    packed = bytes([len(chosen)]) + (remember_s * 1000).to_bytes(4) + b"".join(_packed(limit, cost) for limit in chosen)
    return Plan(
        limits=chosen,
        cost=cost,
        suffixes=tuple(limit.fingerprint for limit in chosen),
        subjects=tuple(limit.subject for limit in chosen),
        charging=bulk(b"\1" + packed),
        looking=bulk(b"\0" + packed),
        shape=Struct(f">BQ{3 * len(chosen)}q"),
        counted=tuple(sorted({f"limit_checked:{told_name(limit)}" for limit in chosen})),
    )


def told_name(limit: Limit) -> str:
    """What a limit is counted under: its name, or that it has none."""
    return limit.name or UNNAMED


def checked(what: str, text: object, longest: int) -> str:
    """The text, if it can name something: 1 to `longest` characters and encodable."""
    if not isinstance(text, str) or not 1 <= len(text) <= longest:
        raise InvalidIdentifier(f"{what} must be a text of 1 to {longest} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidIdentifier(f"{what} must be valid text") from None
    return text


def _packed(limit: Limit, cost: int) -> bytes:
    """One limit as the script unpacks it (`>c1I4I6I4BI6I4`):
    whole µs, and the step of GCRA as whole µs and a remainder.
    """
    window = limit.per_s * 1_000_000
    step, rest = divmod(min(cost, limit.amount) * window, limit.amount) if limit.amount else (0, 0)
    sizes = ((limit.amount, 4), (window, 6), (cost, 4), (limit.shadow, 1), (step, 6), (rest, 4))
    return limit.algorithm.value[0].encode() + b"".join(number.to_bytes(size) for number, size in sizes)


@lru_cache(maxsize=4096)
def stem(subject: str, tagged: bool) -> str:
    """`ratelimit:<subject>:`, each part of the subject encoded; what follows it never holds a separator.

    In a cluster the subject is the hash tag, so that one subject's keys share a slot.
    """
    parts = checked("a subject", subject, LONGEST_SUBJECT).split(":")
    encoded = ":".join(encode(part) if part else "" for part in parts)
    return f"{RATE_LIMIT.family}:{{{encoded}}}:" if tagged else f"{RATE_LIMIT.family}:{encoded}:"


class Keys(NamedTuple):
    """Where one subject's state of each limit of a plan lies; `packed` is the same as the protocol writes it."""

    names: tuple[str, ...]
    packed: bytes


@lru_cache(maxsize=4096)
def keys_of(subject: str, chosen: Plan, tagged: bool) -> Keys:
    """One key per limit. Raises InvalidIdentifier, and InvalidLimit when two limits would share a key."""
    names = tuple(
        stem(subject if own is None else own, tagged) + suffix for own, suffix in zip(chosen.subjects, chosen.suffixes, strict=True)
    )
    if len(set(names)) != len(names):
        raise InvalidLimit("the same limit is named twice in one call")
    return Keys(names, b"".join(bulk(name.encode()) for name in names))


def request_suffix(request_id: str, chosen: Plan) -> str:
    """Where a request id is remembered. The same id with another cost or other limits is another request."""
    checked("a request id", request_id, LONGEST_REQUEST_ID)
    told = repr((request_id, chosen.cost, chosen.suffixes, chosen.subjects))
    return "r" + blake2b(told.encode(), digest_size=16).hexdigest()


GCRA = Algorithm.GCRA
LOG = Algorithm.LOG
#: A NamedTuple's own constructor handles keywords first: three times as slow, and this runs for every limit of every
#: call.
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
    """The decision that the limits' states add up to:
    the tightest limit decides an allowed call, the slowest a denied one.
    """
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
