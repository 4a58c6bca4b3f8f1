"""UserRecords: `core.profiles` and `core.preferences`. Reads come from Redis or PostgreSQL; an update commits first."""

from collections.abc import Callable, Mapping
from typing import Any

from ...errors import LookupUnavailable, StoreUnavailable
from ...model import keys
from ...model.access import source_of
from ...model.keys import KeyFamily
from ...model.outcome import FAILED, Outcome, Tier, Trace, TraceStep
from ...model.people import PersonRow, UserRecord, checked_changes
from ...ports import Recorder
from ..cache import Cached, CacheLink, FamilyCache, Loaded, NoLoad, Seal
from .postgres_people import PostgresPeople

#: How long PostgreSQL may take, and how long the caller waits in all.
STORE_S, OVERALL_S = 0.4, 0.5
#: Both copies of a user are dropped by either update: what is shown together must not differ in age.
COPIES = (keys.PROFILE, keys.SETTINGS)


class UserRecords:
    """One of the two families. Thread-safe; asks no server before the first use."""

    def __init__(
        self,
        link: CacheLink,
        store: PostgresPeople,
        family: KeyFamily,
        recorder: Recorder,
        *,
        seal: Seal | None = None,
    ) -> None:
        self._cache = FamilyCache(link, family, recorder, seal=seal, fits=_is_copy)
        self._store = store
        self._family = family
        self._recorder = recorder
        self._now: Callable[[], float] = link.runtime.now

    def get(self, user_id: str) -> UserRecord:
        """What is kept of this user. Raises InvalidIdentifier, or LookupUnavailable when no tier could answer."""
        began = self._now()
        key = self._family.key(user_id)
        try:
            cached = self._cache.read(key, lambda until: self._load(user_id, began, until), began, OVERALL_S)
        except NoLoad as late:
            raise self._unavailable(TraceStep(Tier.REDIS, late.outcome, 0.0, self._now() - began, (), late.detail)) from None
        return self._answer(user_id, key, cached)

    def update(self, user_id: str, changes: Mapping[str, Any]) -> UserRecord:
        """Set the fields given and remove those given as None; gives what is now kept.

        Committed before the copies are dropped: from then on nobody is served what was there before. Raises
        InvalidInput (then nothing was changed) or StoreUnavailable (then it may have been changed).
        """
        began = self._now()
        copies = [copy.key(user_id) for copy in COPIES]
        fields = checked_changes(changes)
        try:
            row = self._store.merge(self._family.family, user_id, fields, STORE_S)
        except StoreUnavailable:
            self._cache.drop(copies)  # the commit may have happened, only its reply was lost
            raise
        dropped = self._cache.drop(copies)
        if not dropped:
            self._recorder.event("invalidation_owed")
        step = TraceStep(Tier.POSTGRES, Outcome.HIT, 0.0, self._now() - began)
        return UserRecord(user_id, row.data, row.version, Tier.POSTGRES, Outcome.HIT, (step,), None, not dropped)

    def invalidate(self, user_id: str) -> bool:
        """Drop both copies of this user. False: Redis did not say so in time; it is tried again until it does."""
        return self._cache.drop([copy.key(user_id) for copy in COPIES])

    # --- inside ---

    def _load(self, user_id: str, began: float, until: float) -> Loaded:
        """From PostgreSQL. Its faults are answers to everybody who waits, and are not kept."""
        started = self._now()
        try:
            row = self._store.read(self._family.family, user_id, max(0.001, min(STORE_S, until - started)))
        except StoreUnavailable as fault:
            step = TraceStep(Tier.POSTGRES, Outcome.ERROR, started - began, self._now() - started, (), fault.word)
            return Loaded({"unavailable": fault.word, "reason": str(fault)}, False, None, step)
        ended = self._now()
        step = TraceStep(Tier.POSTGRES, _outcome(row.version), started - began, ended - started)
        return Loaded({"data": row.data, "version": row.version}, True, None, step)

    def _answer(self, user_id: str, key: str, cached: Cached) -> UserRecord:
        value, step = cached.value, cached.step
        if not isinstance(value, dict) or ("unavailable" not in value and "data" not in value):
            value = {"unavailable": "unreadable"}
        if cached.outcome is Outcome.MISS and not cached.shared:
            below: TraceStep = cached.extra
            trace: Trace = (step, below._replace(filled=(Tier.REDIS,)) if cached.filled else below)
        elif "unavailable" in value:
            trace = (step._replace(outcome=Outcome.ERROR, detail="coalesced"),)
        else:
            trace = (step if value["version"] else step._replace(outcome=Outcome.NEGATIVE_HIT),)
        if "unavailable" in value:
            raise self._unavailable(*trace, reason=value.get("reason"))
        self._recorder.record(self._family.family, trace)
        self._recorder.access(self._family.family, key, cached.size_bytes, source_of(trace[-1]))
        row = PersonRow(value["data"], value["version"])
        degraded = cached.degraded or any(s.outcome in FAILED for s in trace)
        return UserRecord(user_id, row.data, row.version, trace[-1].tier, trace[-1].outcome, trace, cached.age_s, degraded)

    def _unavailable(self, *trace: TraceStep, reason: str | None = None) -> LookupUnavailable:
        self._recorder.record(self._family.family, trace)
        return LookupUnavailable(f"neither Redis nor PostgreSQL could answer{f': {reason}' if reason else ''}", trace)


def _is_copy(found: object) -> bool:
    """Whether a stored value has the shape of ours."""
    return isinstance(found, dict) and type(found.get("data")) is dict and type(found.get("version")) is int


def _outcome(version: int) -> Outcome:
    return Outcome.HIT if version else Outcome.NEGATIVE_HIT
