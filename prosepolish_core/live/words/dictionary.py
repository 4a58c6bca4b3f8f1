"""The word lookup: Redis first, then the chain, under one lease and one overall deadline."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple

from ...errors import InvalidInput, InvalidWord, LookupUnavailable, StoreUnavailable
from ...model import keys
from ...model.access import source_of
from ...model.llm import LedgerLine, LlmCall
from ...model.lookup import FREE, Lookup, redis_hits
from ...model.outcome import FAILED, Family, Outcome, Tier, Trace, TraceStep
from ...model.word import normalise, spelled
from ...ports import Recorder, WordSource, WordStore
from ..cache import Cached, CacheLink, FamilyCache, Later, Loaded, NoLoad
from ..cache.batch import Batch, Hits, Result
from ..llm.ledger import Ledger
from .chain import WordChain
from .stored_answer import TierAnswer, Value, is_value, paid_in
from .tiers import OVERALL_S, TIERS

#: Members of an enum are slow to reach; these are needed for every hit.
_FAMILY, _REDIS, _POSTGRES = Family.DICTIONARY, Tier.REDIS, Tier.POSTGRES
_HIT, _MISS = Outcome.HIT, Outcome.MISS
_ENTRY = itemgetter("entry")
_SOURCE, _GEMINI = repeat("source"), "gemini"
#: Longest batch.
MOST_WORDS = 1000


class Invalidated(NamedTuple):
    """Which stores acknowledged. Only when both did is no old value served any more."""

    postgres: bool
    redis: bool

    @property
    def complete(self) -> bool:
        """Whether the invalidation is acknowledged."""
        return self.postgres and self.redis


class Dictionary:
    """`core.dictionary`. Thread-safe; asks no server before the first lookup."""

    def __init__(
        self,
        link: CacheLink,
        store: WordStore,
        sources: Sequence[WordSource],
        recorder: Recorder,
        *,
        ledger: Ledger | None = None,
        deadline_s: float = OVERALL_S,
        ttl_s: float | None = None,
    ) -> None:
        self._cache = FamilyCache(link, keys.DICTIONARY, recorder, ttl_s=ttl_s, fits=is_value)
        self._store = store
        self._recorder = recorder
        self._now = link.runtime.now
        self._deadline_s = deadline_s
        self._ledger = ledger or Ledger(recorder.llm)
        self.chain = WordChain(store, sources, recorder, self._ledger, self._now)

    def lookup(self, word: str) -> Lookup:
        """What this word means. Raises InvalidWord, or LookupUnavailable when no tier could answer."""
        began = self._now()
        normal, key = _address(word)
        try:
            cached = self._cache.read(
                key, lambda until: self.chain.load(normal, spelled(word), began, until), began, self._deadline_s, inline=True
            )
        except NoLoad as late:
            raise self._unavailable(normal, began, late) from None
        return self._answer(normal, key, cached)

    def lookup_many(self, words: Sequence[str]) -> dict[str, Lookup]:
        """Every word as it was given -> its answer, in order; one round trip per tier.

        A word that no tier could answer has the outcome `timeout`, `refused` or `error`; the others are not held up by
        it. Raises InvalidWord before anything is asked.
        """
        began = self._now()
        try:
            if isinstance(words, str) or len(words) > MOST_WORDS:
                raise InvalidInput(f"words is a list of at most {MOST_WORDS} words")
            normals = dict(map(_placed, words))
        except TypeError:
            raise InvalidInput("words is a list of texts") from None

        def load_many(wanted: Sequence[str], until: float) -> dict[str, Loaded | Later]:
            spellings = {address(word)[0]: spelled(word) for word in words}
            found = self.chain.load_many({normals[key]: spellings[normals[key]] for key in wanted}, began, until)
            return {key: found[normals[key]] for key in wanted}

        batch = Batch(self._cache, load_many, began, self._deadline_s, _ENTRY)
        others = batch.read(list(normals))
        hits = batch.hits
        found = self._hits(hits, batch, normals)
        if len(found) == len(words):  # every word once, and all of them hits
            return dict(zip(words, found, strict=True))
        answers = dict(zip(hits.keys, found, strict=True))
        for key, result in others.items():
            answers[key] = self._one_of_many(normals[key], key, result, began)
        return {word: answers[_placed(word)[0]] for word in words}

    def _hits(self, hits: Hits, batch: Batch, normals: dict[str, str]) -> list[Lookup]:
        """Entries that Redis had: the common case, as cheaply as can be."""
        if not hits.keys:
            return []
        step = batch.step
        self._recorder.many_hits(_FAMILY, _REDIS, _HIT, step.duration_s, hits.keys, hits.sizes)
        if _GEMINI in map(dict.get, hits.parts, _SOURCE):  # few words are the LLM's, and only those saved money
            for value in hits.values_of(part.get("source") == _GEMINI for part in hits.parts):
                self._avoided(value, LedgerLine.REDIS)
        words = normals.values() if len(hits.keys) == len(normals) else map(normals.__getitem__, hits.keys)
        return redis_hits(words, hits.parts, zip(hits.created_ms, repeat(batch.wall_ms)), (step,))

    def _one_of_many(self, word: str, key: str, result: Result, began: float) -> Lookup:
        try:
            if isinstance(result, Cached):
                return self._answer(word, key, result)
            raise self._unavailable(word, began, result) if isinstance(result, NoLoad) else result
        except LookupUnavailable as lost:
            trace: Trace = tuple(step for step in lost.trace if isinstance(step, TraceStep))
            return Lookup(word, None, None, trace[-1].outcome if trace else Outcome.ERROR, trace, FREE, None, True)

    def invalidate(self, word: str) -> Invalidated:
        """Forget the word everywhere.

        Once complete, no value from before is served again, whatever was being loaded.
        """
        normal, key = _address(word)
        try:
            self._store.invalidate(normal, TIERS[Tier.POSTGRES].deadline_s * 2)
            forgotten = True
        except StoreUnavailable:
            forgotten = False
        return Invalidated(forgotten, self._cache.drop([key]))

    # --- making the answer ---

    def _answer(self, word: str, key: str, cached: Cached) -> Lookup:
        value, step = cached.value, cached.step
        if cached.outcome is not _MISS or cached.shared:
            return self._from_above(word, key, cached)
        found: TierAnswer = cached.extra
        steps = found.steps
        if cached.filled:
            tier, outcome, start_s, duration_s, below, detail = steps[-1]
            steps = (*steps[:-1], TraceStep(tier, outcome, start_s, duration_s, (_REDIS, *below), detail))
        trace: Trace = (step, *steps)
        self._recorder.record(_FAMILY, trace)
        if "unavailable" in value:
            raise LookupUnavailable("no tier could answer", trace)
        self._recorder.access(_FAMILY, key, cached.size_bytes, source_of(steps[-1]), found.cost_usd)
        if found.tier is _POSTGRES and "paid" in value:
            self._avoided(value, LedgerLine.POSTGRES if value["entry"] is not None else LedgerLine.REMEMBERED)
        degraded = False
        for tried in trace:
            if tried.outcome in FAILED:
                degraded = True
        return Lookup(word, value["entry"], found.tier, found.outcome, trace, found.cost_usd, None, degraded)

    def _from_above(self, word: str, key: str, cached: Cached) -> Lookup:
        """Answered by Redis, or by a load that another caller had already begun."""
        value, step = cached.value, cached.step
        if "unavailable" in value:
            trace: Trace = (step._replace(outcome=Outcome.ERROR, detail="coalesced"),)
            self._recorder.record(Family.DICTIONARY, trace)
            if "paid" in value:
                self._avoided(value, LedgerLine.COALESCED)
            raise LookupUnavailable("no tier could answer", trace)
        outcome = step.outcome
        if value["entry"] is None:
            outcome = Outcome.NEGATIVE_HIT if value["source"] else Outcome.MISS
            if not step.detail:
                step = step._replace(outcome=outcome)
        if step.detail:  # another caller's load was waited for: no hit and no time of Redis
            self._recorder.record(_FAMILY, (step,))
        else:
            self._recorder.hit(_FAMILY, _REDIS, outcome, step.duration_s)
        self._recorder.access(_FAMILY, key, cached.size_bytes, source_of(step))
        if "paid" in value:
            if step.detail:
                self._recorder.event("llm_coalesced")
            line = LedgerLine.COALESCED if step.detail else LedgerLine.REMEMBERED if value["entry"] is None else LedgerLine.REDIS
            self._avoided(value, line)
        return Lookup(word, value["entry"], _REDIS, outcome, (step,), FREE, cached.age_s, cached.degraded)

    def _avoided(self, value: Value, line: LedgerLine) -> None:
        """A ledger row for the paid call that was not made; it is read and priced later, beside the callers.

        PostgreSQL, which keeps every answer for good, would have spared it too, but for one that was only just made.
        """
        asked, also_postgres = self._ledger.asked_now(), line is not LedgerLine.COALESCED

        def row() -> LlmCall | None:
            call = paid_in(value)
            return None if call is None else self._ledger.avoided(call, line, also_postgres=also_postgres, asked=asked)

        self._recorder.llm(row)

    def _unavailable(self, word: str, began: float, late: NoLoad) -> LookupUnavailable:
        """The caller's time was up: the step names the source that was still being asked,
        or Redis, whose lease was waited for.
        """
        tier = self.chain.asking.get(word, _REDIS)
        trace = (TraceStep(tier, late.outcome, 0.0, self._now() - began, (), late.detail),)
        self._recorder.record(Family.DICTIONARY, trace)
        return LookupUnavailable("no tier could answer in time", trace)


@lru_cache(maxsize=16_384)
def address(word: str) -> tuple[str, str]:
    """The normalised word and its key. Raises InvalidWord. Kept, because the same words come again and again."""
    normal = normalise(word)
    return normal, keys.DICTIONARY.key(normal)


def _address(word: str) -> tuple[str, str]:
    try:
        return address(word)
    except TypeError:  # what has no hash is no text either
        raise InvalidWord("a word must be text") from None


@lru_cache(maxsize=16_384)
def _placed(word: str) -> tuple[str, str]:
    """The key, then the normalised word: a pair for `dict()`, which finds the word of a key."""
    normal, key = address(word)
    return key, normal
