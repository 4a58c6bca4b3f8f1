"""The tiers below Redis, asked one after the other for one word; and what of their answers is kept where."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from ...calc.breaker import Breaker
from ...calc.outage import tell
from ...errors import StoreUnavailable
from ...model.llm import LedgerLine, LlmCall
from ...model.lookup import FREE
from ...model.outcome import FAILED, Outcome, Tier, TraceStep
from ...model.tier_replies import Fetched, WordRow
from ...ports import Recorder, WordSource, WordStore
from ..cache import Later, Loaded
from ..llm.ledger import Ledger
from ..llm.unfit import UNFIT_S
from .stored_answer import TierAnswer, to_value, unavailable
from .tiers import DOUBTFUL_ABSENCE_S, LEAST_S, ROWS, SPARED_S, TIERS, absence_s, kept_absence_s

#: Nothing the caller is told about: this source is switched off.
OFF = "no_backend"
NEVER = float("-inf")
#: Members of an enum, and rows found by them, are slow to reach; these are needed for every miss.
_POSTGRES, _HIT = Tier.POSTGRES, Outcome.HIT
_STORE_S = TIERS[Tier.POSTGRES].deadline_s


class Sought(NamedTuple):
    """A word by its key, which all its spellings share, and as the caller spelt it."""

    word: str
    spelling: str


class SourcesSaid(NamedTuple):
    """What asking the sources came to:
    the first answer, who gave it, and whether somebody failed who might have known.
    """

    steps: tuple[TraceStep, ...]
    said: Fetched | None
    by: Tier | None
    doubtful: bool
    judged: bool
    cost_usd: Decimal | None
    call: LlmCall | None


class WordChain:
    """PostgreSQL, then the sources in order. One breaker for each source, shared by every word."""

    def __init__(
        self, store: WordStore, sources: Sequence[WordSource], recorder: Recorder, ledger: Ledger, now: Callable[[], float]
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._sources = tuple(sources)
        self._recorder = recorder
        self._now = now
        #: Word -> the source that is asked for this word just now. A caller whose time is over names this source in his
        #: trace.
        self.asking: dict[str, Tier] = {}
        self.breakers: dict[Tier, Breaker] = {row.tier: Breaker(row.breaker) for row in ROWS if row.breaker is not None}

    # --- tier 2 ---

    def load(self, word: str, spelling: str, began: float, until: float) -> Loaded | Later:
        """PostgreSQL's answer for the normalised word, or what to do when it has none.

        Sources are asked for the spelling.
        """
        started = self._now()
        rows, fault = self._rows((word,), started, until)
        return self._loaded(Sought(word, spelling), rows.get(word), fault, began, started, self._now() - started)

    def load_many(self, spellings: Mapping[str, str], began: float, until: float) -> dict[str, Loaded | Later]:
        """The same for many words, in one query."""
        started = self._now()
        rows, fault = self._rows(tuple(spellings), started, until)
        spent = self._now() - started
        return {
            sought.word: self._loaded(sought, rows.get(sought.word), fault, began, started, spent)
            for sought in map(Sought._make, spellings.items())
        }

    def _loaded(
        self, sought: Sought, row: WordRow | None, fault: tuple[Outcome, str] | None, began: float, started: float, spent: float
    ) -> Loaded | Later:
        if row is not None and (row.entry is not None or row.absent):
            outcome = _HIT if row.entry is not None else Outcome.NEGATIVE_HIT
            return self._kept(row, TraceStep(_POSTGRES, outcome, started - began, spent))
        outcome, detail = fault or (Outcome.MISS, "")
        return self._later(sought, row, TraceStep(_POSTGRES, outcome, started - began, spent, (), detail), began)

    def _rows(self, words: Sequence[str], started: float, until: float) -> tuple[Mapping[str, WordRow], tuple[Outcome, str] | None]:
        timeout_s = min(_STORE_S, until - started)
        try:
            if len(words) == 1:
                rows: Mapping[str, WordRow] = {words[0]: self._store.get(words[0], timeout_s)}
            else:
                rows = self._store.get_many(words, timeout_s)
        except StoreUnavailable as fault:
            late = self._now() - started >= timeout_s * 0.9
            return {}, (Outcome.TIMEOUT, "timeout") if late else (Outcome.ERROR, fault.word)
        return rows, None

    @staticmethod
    def _kept(row: WordRow, step: TraceStep) -> Loaded:
        """What PostgreSQL knows, on its way into Redis."""
        ttl_s = None if row.entry is not None else absence_s(row.absences, TIERS[_POSTGRES].absence_s)
        source = row.source or _POSTGRES.value
        return Loaded(to_value(row.entry, source, row.paid), True, ttl_s, TierAnswer(_POSTGRES, step.outcome, (step,), FREE))

    # --- tiers 3 and 4 ---

    def _later(self, sought: Sought, row: WordRow | None, step: TraceStep, began: float) -> Loaded | Later:
        if not self._sources:
            return self._conclude(sought.word, row, SourcesSaid((step,), None, None, False, False, FREE, None), step)
        return Later(lambda until: self._conclude(sought.word, row, self._ask_sources(sought, row, step, began, until), step))

    def _ask_sources(self, sought: Sought, row: WordRow | None, first: TraceStep, began: float, until: float) -> SourcesSaid:
        """Ask until somebody knows the word. "No such word" of one is put to the next, who may know better."""
        steps, said, by, failed, judged = [first], None, None, False, bool(row and row.judged)
        cost: Decimal | None = FREE
        call: LlmCall | None = None
        for source in self._sources:
            if source.tier is Tier.GEMINI and row is not None and row.judged:
                self._spared(row.paid)  # it has said no before, and it is not paid to say so twice
                continue
            started = self._now()
            fetched = self._fetch(source, sought, started, until)
            if fetched.detail == OFF:
                continue
            steps.append(TraceStep(source.tier, fetched.outcome, started - began, self._now() - started, (), fetched.detail))
            if fetched.spared is not None:
                self._recorder.llm(fetched.spared)
            if fetched.call is not None:
                self._recorder.llm(fetched.call)
                call = fetched.call
            more = fetched.cost_usd if fetched.call is None else fetched.call.cost_usd
            cost = None if cost is None or more is None else cost + more
            if fetched.outcome is Outcome.HIT:
                return SourcesSaid(tuple(steps), fetched, source.tier, False, False, cost, call)
            if fetched.outcome is Outcome.NEGATIVE_HIT:
                said, by = fetched, source.tier
                judged = judged or source.tier is Tier.GEMINI
            failed = failed or fetched.outcome in FAILED
        return SourcesSaid(tuple(steps), said, by, failed and by is not Tier.GEMINI, judged, cost, call)

    def _spared(self, paid: LlmCall | None) -> None:
        """PostgreSQL's memory of a non-word made a call unnecessary."""
        if paid is not None:
            self._recorder.llm(self._ledger.avoided(paid, LedgerLine.REMEMBERED, also_postgres=True))

    def _fetch(self, source: WordSource, sought: Sought, started: float, until: float) -> Fetched:
        breaker, policy = self.breakers[source.tier], TIERS[source.tier]
        timeout_s = min(policy.deadline_s, until - started - SPARED_S)
        if timeout_s < LEAST_S:
            return Fetched(Outcome.TIMEOUT, detail="no_time")
        if not breaker.allow(started):
            return Fetched(Outcome.ERROR, detail="breaker_open")
        self.asking[sought.word] = source.tier
        try:
            fetched = source.fetch(sought.spelling, timeout_s)
        except Exception:  # noqa: BLE001 - a source promises not to raise; one that does must not take the lookup with it
            fetched = Fetched(Outcome.ERROR, detail="source_failed")
        finally:
            self.asking.pop(sought.word, None)
        ended = self._now()
        outcome = fetched.outcome if fetched.call is None else _HIT  # an unfit answer that was paid for is no outage
        tell(breaker, outcome, fetched.detail, ended, ended - started, fetched.retry_after_s)
        return fetched

    # --- the answer, and what is kept ---

    def _conclude(self, word: str, row: WordRow | None, asked: SourcesSaid, first: TraceStep) -> Loaded:
        if asked.said is not None and asked.said.entry is not None and asked.by is not None:
            return self._entry(word, row, asked, asked.said.entry, asked.by)
        if asked.said is not None and asked.by is not None:
            return self._absence(word, row, asked, asked.by)
        if row is not None and row.judged:  # nobody could be asked, but the LLM's word still stands: better than an error
            steps = (*asked.steps[1:], first._replace(outcome=Outcome.NEGATIVE_HIT, detail="judged"))
            value = to_value(None, Tier.GEMINI, row.paid)
            return Loaded(value, True, DOUBTFUL_ABSENCE_S, TierAnswer(Tier.POSTGRES, Outcome.NEGATIVE_HIT, steps, asked.cost_usd))
        faults = [step for step in asked.steps if step.outcome in FAILED]
        if faults:
            lost = TierAnswer(None, Outcome.ERROR, asked.steps, asked.cost_usd)
            return Loaded(unavailable(faults[-1].detail, asked.call), False, None, lost)
        return Loaded(to_value(None, "", None), False, None, TierAnswer(None, Outcome.MISS, asked.steps, asked.cost_usd))

    def _entry(self, word: str, row: WordRow | None, asked: SourcesSaid, entry: Mapping[str, object], by: Tier) -> Loaded:
        paid = asked.call if by is Tier.GEMINI else None
        proved = self._keep(word, row, lambda old: (WordRow(old.fence, entry, by.value, paid=paid), None))
        steps = _filled(asked.steps, proved > NEVER)
        return Loaded(to_value(entry, by.value, paid), True, None, TierAnswer(by, Outcome.HIT, steps, asked.cost_usd), proved)

    def _absence(self, word: str, row: WordRow | None, asked: SourcesSaid, by: Tier) -> Loaded:
        answer = next(step for step in reversed(asked.steps) if step.tier is by)
        steps = (*(step for step in asked.steps if step is not answer), answer)
        paid = asked.call if by is Tier.GEMINI else row.paid if row is not None and row.judged else None
        value = to_value(None, by.value, paid)
        found = TierAnswer(by, Outcome.NEGATIVE_HIT, steps, asked.cost_usd)
        if asked.doubtful:
            return Loaded(value, True, DOUBTFUL_ABSENCE_S if asked.call is None else UNFIT_S, found)
        absences = (row.absences if row else 0) + 1
        kept = WordRow(row.fence if row else 0, absences=absences, judged=asked.judged, paid=paid)
        proved = self._keep(word, row, lambda _: (kept, kept_absence_s(absences)))
        ttl_s = absence_s(absences, TIERS[by].absence_s)
        return Loaded(value, True, ttl_s, found._replace(steps=_filled(steps, proved > NEVER)), proved)

    def _keep(self, word: str, row: WordRow | None, what: Callable[[WordRow], tuple[WordRow, float | None]]) -> float:
        """Write to PostgreSQL under the fence that was read. The instant at which the fence still stood, or NEVER.

        Without a fence (PostgreSQL did not answer) nothing is written: the word may have been invalidated since.
        """
        sent = self._now()
        if row is None:
            return NEVER
        new, absent_s = what(row)
        try:
            timeout_s = TIERS[Tier.POSTGRES].deadline_s
            stood = (
                self._store.put(word, new, timeout_s)
                if absent_s is None
                else self._store.put_absence(word, new, absent_s, timeout_s)
            )
        except StoreUnavailable:
            self._recorder.event("word_not_kept")
            return NEVER
        if not stood:
            self._recorder.event("fence_lost")
        return sent if stood else NEVER


def _filled(steps: tuple[TraceStep, ...], kept: bool) -> tuple[TraceStep, ...]:
    """The deciding step says that PostgreSQL was filled."""
    return (*steps[:-1], steps[-1]._replace(filled=(Tier.POSTGRES,))) if kept else steps
