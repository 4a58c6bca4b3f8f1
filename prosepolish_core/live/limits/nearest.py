"""Who is nearest to their limits now: a bounded walk over the counts in Redis, each asked what it would answer."""

import re
from time import perf_counter
from typing import NamedTuple

from ...drivers.redis_sweep import RedisSweep
from ...errors import CacheUnavailable, InvalidInput
from ...model.keys import RATE_LIMIT, decode
from ...model.limit import Algorithm, Limit
from .limiter import Limiter
from .named import NAMED

#: The end of a count's key: how the limit remembers, its amount and its seconds (see `Limit.fingerprint`).
_COUNT = re.compile(r"(?P<how>[lgw])(?P<amount>\d+)-(?P<per_s>\d+)")
_HOW = {how.value[0]: how for how in Algorithm}


class NearSubject(NamedTuple):
    """One subject's use of one limit. `name` is empty for a limit that is in no table."""

    subject: str
    name: str
    limit: Limit
    used: int
    wait_s: float

    @property
    def share(self) -> float:
        """How much of the limit is used; a limit of nothing is always used up."""
        return self.used / self.limit.amount if self.limit.amount else 1.0


class Nearest(NamedTuple):
    """The subjects with the largest shares, and how many counts were looked at; `complete` when those were all."""

    subjects: tuple[NearSubject, ...]
    looked_at: int
    complete: bool


def nearest(limiter: Limiter, sweep: RedisSweep, *, most: int = 15, within_s: float = 0.4) -> Nearest:
    """Walk for at most `within_s`. Raises CacheUnavailable when the server cannot be asked, or not any more."""
    ends, seen, found = perf_counter() + within_s, set[bytes](), list[NearSubject]()
    for keys in sweep.slices():
        for key in set(keys) - seen:
            if perf_counter() > ends:
                return _sorted(found, len(seen), most, complete=False)
            seen.add(key)
            if (one := _near(limiter, key.decode(errors="replace"))) is not None:
                found.append(one)
    return _sorted(found, len(seen), most, complete=True)


def read_key(key: str) -> tuple[str, Limit] | None:
    """The subject and the limit that a key counts; None for a key that counts nothing."""
    subject, _, end = key.removeprefix(f"{RATE_LIMIT.family}:").rpartition(":")
    shape = _COUNT.fullmatch(end)
    if not subject or shape is None:
        return None
    try:
        limit = Limit(int(shape["amount"]), int(shape["per_s"]), _HOW[shape["how"]])
        parts = subject.removeprefix("{").removesuffix("}").split(":")
        return ":".join(map(decode, parts)), limit
    except (InvalidInput, UnicodeDecodeError):
        return None


def name_of(subject: str, limit: Limit) -> str:
    """The named limit that this is, or nothing."""
    for name, row in NAMED.items():
        head, _, tail = row.subject.partition("{id}")
        whole = subject == row.subject or ("{id}" in row.subject and subject.startswith(head) and subject.endswith(tail))
        if whole and any(one.fingerprint == limit.fingerprint for one in row.limits):
            return name
    return ""


def _near(limiter: Limiter, key: str) -> NearSubject | None:
    read = read_key(key)
    if read is None:
        return None
    subject, limit = read
    try:
        now = limiter.peek(subject, [limit])
    except InvalidInput:
        return None
    if now.degraded:  # judged alone: that nobody was counted here tells nothing
        raise CacheUnavailable("error", "the counts cannot be asked")
    used = limit.amount - now.remaining
    return NearSubject(subject, name_of(subject, limit), limit, used, now.retry_after_s) if used else None


def _sorted(found: list[NearSubject], looked_at: int, most: int, *, complete: bool) -> Nearest:
    best = sorted(found, key=lambda one: (-one.share, -one.wait_s, one.subject))[:most]
    return Nearest(tuple(best), looked_at, complete)
