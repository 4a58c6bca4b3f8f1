"""The port WordSource, held by tiers 3 and 4 against the stand-ins."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

import pytest

from demo.standins import Fault, FaultKind, StandIns
from demo.standins.server import Upstream
from prosepolish_core.live.llm.define import LlmDefiner
from prosepolish_core.live.llm.gemini_generativeai import GenerativeAiBackend
from prosepolish_core.live.words.dictionary_api import DictionaryHttp
from prosepolish_core.model.entry import Entry
from prosepolish_core.model.outcome import Outcome, Tier
from prosepolish_core.ports import WordSource

pytestmark = pytest.mark.live
AMPLE_S = 20.0


@dataclass
class Subject:
    """A source and the stand-in it asks."""

    source: WordSource
    upstream: Upstream


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[StandIns]:
    """Both stand-ins, a thousand times faster than life."""
    with StandIns(speed=1000, limit=100_000) as up:
        yield up


@pytest.fixture(scope="module", params=["dictionary_api", "gemini"])
def subject(request: pytest.FixtureRequest, stand_ins: StandIns) -> Iterator[Subject]:
    """One of the two tiers."""
    if request.param == "dictionary_api":
        client = DictionaryHttp(stand_ins.dictionary_api.url, per_s=1000, burst=1000)
        yield Subject(client, stand_ins.dictionary_api)
        client.close()
    else:
        backend = GenerativeAiBackend("any", stand_ins.gemini.url)
        source = LlmDefiner(backend, "gemini-3.5-flash-lite")
        source.fetch("warm", AMPLE_S)
        yield Subject(source, stand_ins.gemini)
        backend.close()


@pytest.fixture(autouse=True)
def _nothing_scripted(subject: Subject) -> Iterator[None]:
    yield
    subject.upstream.script.clear()


@pytest.mark.parametrize("word", ["eloquent", "set", "ice"])
def test_a_known_word_has_an_entry_that_the_model_reads(subject: Subject, word: str) -> None:
    """A hit carries an entry with at least one definition, and says which tier it is from."""
    found = subject.source.fetch(word, AMPLE_S)
    assert found.outcome is Outcome.HIT
    entry = Entry.from_dict(found.entry or {})
    assert entry.word == word
    assert entry.meanings[0].definitions[0].definition
    assert entry.source == subject.source.tier


@pytest.mark.parametrize("word", ["xqzzt", "fhqwhgads"])
def test_a_word_that_does_not_exist_is_a_negative_answer(subject: Subject, word: str) -> None:
    """A non-word never becomes an entry."""
    found = subject.source.fetch(word, AMPLE_S)
    assert (found.outcome, found.entry) == (Outcome.NEGATIVE_HIT, None)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(FaultKind.STATUS, status=500), Outcome.ERROR),
        (Fault(FaultKind.STATUS, status=503), Outcome.ERROR),
        (Fault(FaultKind.TRUNCATE), Outcome.ERROR),
        (Fault(FaultKind.GARBAGE), Outcome.ERROR),
        (Fault(FaultKind.WRONG_SHAPE), Outcome.ERROR),
        (Fault(FaultKind.CHARSET), Outcome.ERROR),
        (Fault(FaultKind.REDIRECT), Outcome.ERROR),
        (Fault(FaultKind.HUGE), Outcome.ERROR),
    ],
    ids=lambda value: f"{value.kind}{value.status}" if isinstance(value, Fault) else None,
)
def test_no_fault_is_ever_an_answer(subject: Subject, fault: Fault, outcome: Outcome) -> None:
    """A broken upstream is neither a hit nor 'no such word', and the source is usable right after it."""
    subject.upstream.script.add(Fault(fault.kind, status=fault.status, times=1))
    found = subject.source.fetch("eloquent", AMPLE_S)
    assert (found.outcome, found.entry) == (outcome, None)
    assert found.detail.replace("_", "").isalnum()
    assert subject.source.fetch("eloquent", AMPLE_S).outcome is Outcome.HIT


def test_a_kept_connection_that_is_closed_as_we_ask_costs_the_free_tier_nothing(subject: Subject) -> None:
    """A question to the dictionary is put again, once and on a new connection; what costs money is never sent twice."""
    subject.source.fetch("eloquent", AMPLE_S)
    for kind in (FaultKind.HANG_UP, FaultKind.RESET):
        calls = subject.upstream.counts.total()
        subject.upstream.script.add(Fault(kind, times=1))
        found = [subject.source.fetch(word, AMPLE_S).outcome for word in ("eloquent", "ice", "set")]
        free = kind is FaultKind.HANG_UP or subject.source.tier is Tier.DICTIONARY_API
        assert found == [Outcome.HIT if free else Outcome.ERROR, Outcome.HIT, Outcome.HIT]
        assert subject.upstream.counts.total() - calls == 3 + (kind is FaultKind.RESET and free)
        subject.source.fetch("eloquent", AMPLE_S)


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.DRIP])
def test_the_time_given_is_never_exceeded(subject: Subject, kind: FaultKind) -> None:
    """A silent or dripping upstream is a timeout, long before it would have answered."""
    subject.upstream.script.add(Fault(kind, times=1, delay_s=30.0))
    began = monotonic()
    assert subject.source.fetch("eloquent", 0.2).outcome is Outcome.TIMEOUT
    assert monotonic() - began < 10


def test_only_the_paid_tier_sends_a_bill(subject: Subject) -> None:
    """Every answer of the LLM carries its ledger row, a negative one too; the dictionary is free."""
    calls = [subject.source.fetch(word, AMPLE_S).call for word in ("eloquent", "xqzzt")]
    if subject.source.tier is Tier.GEMINI:
        assert all(call and call.kind == "paid" and call.cost_usd and call.task == "define" for call in calls)
    else:
        assert calls == [None, None]
