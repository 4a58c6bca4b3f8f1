"""Keys of the limiter: two subjects never share one, and no subject reaches another family."""

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from ..adapters.redis_scripts import bulk
from ..errors import InvalidLimit
from ..model.keys import RATE_LIMIT, encode
from .plan import LONGEST_REQUEST_ID, LONGEST_SUBJECT, Plan, checked


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
