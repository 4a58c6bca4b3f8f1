"""`core.cache.clear("llm")`: removes every key of one family, and nothing else."""

from collections.abc import Callable, Mapping
from time import sleep
from typing import NamedTuple

from redis import Redis

from ...drivers.redis_sweep import SLICE, RedisSweep
from ...errors import CacheUnavailable, InvalidIdentifier, InvalidInput
from ...model.keys import KEYS
from ...model.outcome import Family
from ...ports import Recorder

#: Families that live on the state server; clearing them logs people out or gives limits back.
STATE = frozenset({Family.SESSION, Family.RATE_LIMIT})
#: The server answers others between two slices.
PAUSE_S = 0.001
#: Most keys a server is asked to look at in one go.
MOST_SLICE = 100_000


class Progress(NamedTuple):
    """How far a clearing is. `share` is 0 to 1, an estimate."""

    found: int
    removed: int
    share: float


class Cleared(NamedTuple):
    """What a clearing came to. Not `complete`: Redis failed on the way (`reason`), and some keys may be left."""

    family: Family
    found: int
    removed: int
    dry_run: bool
    complete: bool
    reason: str = ""


class Clearing:
    """`core.cache`. Opens no connection until something is cleared."""

    def __init__(self, cache: Callable[[], Redis], state: Callable[[], Redis], recorder: Recorder) -> None:
        self._cache = cache
        self._state = state
        self._recorder = recorder

    def clear(
        self,
        family: Family | str,
        dry_run: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        slice_: int = SLICE,
    ) -> Cleared:
        """Remove every key of the family; with `dry_run` only count them.

        Raises InvalidIdentifier for anything but a family.

        Keys that come while it runs may stay: what was there at the beginning is gone at the end, also leases, so that
        no load that had begun before can bring an old value back.
        """
        chosen = family_named(family)
        _check(dry_run, on_progress, slice_)
        sweep = RedisSweep((self._state if chosen in STATE else self._cache)(), chosen.value, slice_)
        tell = on_progress or (lambda _: None)
        seen: set[bytes] = set()
        found = removed = looked_at = 0
        reason = ""
        try:
            total = max(sweep.size(), 1)
            for keys in sweep.slices():
                ours = [key for key in keys if belongs(key, chosen)]
                if dry_run:
                    ours = [key for key in ours if key not in seen]
                    seen.update(ours)
                else:
                    removed += sweep.unlink(ours)
                found += len(ours)
                looked_at += slice_
                tell(Progress(found, removed, min(looked_at / total, 0.99)))
                sleep(PAUSE_S)
            tell(Progress(found, removed, 1.0))
        except CacheUnavailable as fault:
            reason = fault.detail
        if not dry_run:
            self._recorder.event(f"cleared_{chosen.value}", removed)
        return Cleared(chosen, found if dry_run else max(found, removed), removed, dry_run, not reason, reason)


def _check(dry_run: object, on_progress: object, slice_: object) -> None:
    if not isinstance(dry_run, bool) or not (on_progress is None or callable(on_progress)):
        raise InvalidInput("dry_run is True or False, on_progress is a function or None")
    if type(slice_) is not int or not 1 <= slice_ <= MOST_SLICE:
        raise InvalidInput(f"a slice has 1 to {MOST_SLICE} keys")


def family_named(family: Family | str) -> Family:
    """The family of that name. Raises InvalidIdentifier, so that no pattern is ever built from input."""
    try:
        return Family(family)
    except ValueError:
        raise InvalidIdentifier(f"a key family is one of {', '.join(f.value for f in Family)}; patterns are not accepted") from None


def sub_keys() -> Mapping[Family, frozenset[bytes]]:
    """Keys under a family's prefix that are another row of the key table, by their last segment."""
    return {f: frozenset(k.sub_key.encode() for k in KEYS if k.family is f and k.sub_key) for f in Family}


_SUB_KEYS = sub_keys()


def belongs(key: bytes, family: Family) -> bool:
    """Whether this key is the family's own: `user:<id>` is a profile, `user:<id>:sessions` is not."""
    parts = key.split(b":")
    return parts[0] == family.value.encode() and not (len(parts) == 3 and parts[2] in _SUB_KEYS[family])
