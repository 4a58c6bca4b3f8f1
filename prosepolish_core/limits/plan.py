"""One set of limits with one cost, checked once and packed for the script; kept for the next call with the same set."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

from ..adapters.redis_scripts import bulk
from ..errors import InvalidIdentifier, InvalidLimit
from ..model.limit import MOST, Limit, whole

#: Most limits tested by one call.
MOST_LIMITS = 16
LONGEST_SUBJECT = 256
LONGEST_REQUEST_ID = 128
#: A request id is remembered for the longest window of its call, but at least and at most so long.
REMEMBER_S = (60, 3600)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What of a call depends only on its limits and its cost.

    `charging` and `looking` are the script's argument for either, `shape` is how its reply is packed.
    """

    limits: tuple[Limit, ...]
    cost: int
    suffixes: tuple[str, ...]
    subjects: tuple[str | None, ...]
    charging: bytes
    looking: bytes
    shape: Struct


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
    )


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
    """One limit as the script unpacks it (`>c1I4I6I4BI6I4`): whole µs, and the step of GCRA as whole µs and a remainder."""
    window = limit.per_s * 1_000_000
    step, rest = divmod(min(cost, limit.amount) * window, limit.amount) if limit.amount else (0, 0)
    sizes = ((limit.amount, 4), (window, 6), (cost, 4), (limit.shadow, 1), (step, 6), (rest, 4))
    return limit.algorithm.value[0].encode() + b"".join(number.to_bytes(size) for number, size in sizes)
