"""What the LLM is paid for words: counted at a stand-in, over real HTTP, through a whole core."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.standins import Fault, FaultKind, StandIns
from prosepolish_core import Config, Core
from prosepolish_core.errors import InvalidWord, LookupUnavailable
from prosepolish_core.live.llm.prompts import DEFINE
from prosepolish_core.model.lookup import Lookup
from prosepolish_core.model.outcome import Outcome, Tier
from tests.support.waiting import PATIENT

pytestmark = pytest.mark.live
UNKNOWN = "xqzzt"
#: Words that the stand-in has.
KNOWN = [
    "ice",
    "tea",
    "oak",
    "sun",
    "sea",
    "sky",
    "dog",
    "cat",
    "hen",
    "pig",
    "cow",
    "fox",
    "owl",
    "bee",
    "ant",
    "bat",
    "elm",
    "ash",
    "yew",
    "fir",
    "hay",
    "rye",
    "oat",
    "bean",
    "corn",
    "leek",
    "pear",
    "plum",
]


@pytest.fixture
def stand_ins() -> Iterator[StandIns]:
    """Both stand-ins, a thousand times faster than life."""
    with StandIns(speed=1000, limit=100_000) as up:
        yield up


@pytest.fixture
def cores(stand_ins: StandIns, valkey_url: str, database_url: str) -> Iterator[list[Core]]:
    """Two cores over the same stores, as two processes would have them."""
    environ = {
        "REDIS_URL": valkey_url,
        "DATABASE_URL": database_url,
        "DICTIONARY_API_URL": stand_ins.dictionary_api.url,
        "GEMINI_API_ENDPOINT": stand_ins.gemini.url,
        "GEMINI_API_KEY": "any",
        "PROSEPOLISH_DICTIONARY_PER_S": "1000",
    } | PATIENT
    opened = [Core.open(Config.from_env(environ)) for _ in range(2)]
    for core in opened:  # the SDK takes longer to load than a lookup may
        assert core.gemini is not None
        core.gemini.generate(DEFINE.request(core.config.gemini_model, "warm"), 20.0)
    stand_ins.gemini.counts.clear()
    yield opened
    for core in opened:
        core.close()


def looked_up(core: Core, word: str) -> Lookup | None:
    """The answer, or None when nobody could give one."""
    try:
        return core.dictionary.lookup(word)
    except LookupUnavailable:
        return None


UNFIT = (FaultKind.SAFETY, FaultKind.NEW_BLOCK, FaultKind.LENGTH, FaultKind.EMPTY, FaultKind.RECITATION, FaultKind.WRONG_SCHEMA)


@pytest.mark.parametrize("kind", UNFIT)
def test_an_unfit_answer_about_a_word_is_paid_for_once_by_all_processes(
    cores: list[Core], stand_ins: StandIns, kind: FaultKind
) -> None:
    """Whether the dictionary says no or is down: ten lookups in two processes ask the model once."""
    stand_ins.gemini.script.add(Fault(kind))
    for word, status in ((UNKNOWN, 404), ("eloquent", 503)):
        stand_ins.gemini.counts.clear()
        stand_ins.dictionary_api.script.add(Fault(FaultKind.STATUS, status=status))
        for _ in range(5):
            for core in cores:
                looked_up(core, word)
        assert stand_ins.gemini.counts.total() == 1
        stand_ins.dictionary_api.script.clear()


@pytest.mark.parametrize("kind", [FaultKind.FENCED, FaultKind.THOUGHTS])
def test_a_right_answer_in_an_odd_wrapping_is_used(cores: list[Core], stand_ins: StandIns, kind: FaultKind) -> None:
    """A code fence around it, thoughts before it: the word has its entry, the text its correction."""
    stand_ins.gemini.script.add(Fault(kind))
    stand_ins.dictionary_api.script.add(Fault(FaultKind.NOT_FOUND))
    found = cores[0].dictionary.lookup("eloquent")
    assert (found.tier, found.outcome) == (Tier.GEMINI, Outcome.HIT)
    assert cores[0].corrector.correct("Teh quick fox recieved a prize.").text == "The quick fox received a prize."


ODD = [Fault(FaultKind.NO_MEANINGS), Fault(FaultKind.STATUS, status=400)]


@pytest.mark.parametrize("fault", ODD, ids=["no_meanings", "400"])
def test_odd_words_do_not_close_the_dictionary_for_good_ones(cores: list[Core], stand_ins: StandIns, fault: Fault) -> None:
    """Entries without meanings, or bad requests, open no breaker: the next word is still asked of the free tier."""
    stand_ins.dictionary_api.script.add(fault)
    for word in KNOWN:
        looked_up(cores[0], word)
    stand_ins.dictionary_api.script.clear()
    assert cores[0].dictionary.lookup("eloquent").tier is Tier.DICTIONARY_API


def test_bad_requests_do_not_close_the_model_for_good_ones(cores: list[Core], stand_ins: StandIns) -> None:
    """Many refusals of one request each, of words and of texts, and then both are answered."""
    stand_ins.gemini.script.add(Fault(FaultKind.STATUS, status=400))
    stand_ins.dictionary_api.script.add(Fault(FaultKind.NOT_FOUND))
    for word in KNOWN[:15]:
        looked_up(cores[0], word)
        cores[0].corrector.correct(f"Teh {word}.")
    stand_ins.gemini.script.clear()
    assert cores[0].dictionary.lookup("eloquent").tier is Tier.GEMINI
    assert cores[0].corrector.correct("Teh end.").text == "The end."


@pytest.mark.parametrize("word", ["run", "set", "go", "turn"])
def test_the_largest_entries_are_cached_in_redis_too(cores: list[Core], word: str) -> None:
    """The most wanted words of a language are the longest entries of its dictionary."""
    first = cores[0].dictionary.lookup(word)
    assert (first.tier, first.trace[-1].filled) == (Tier.DICTIONARY_API, (Tier.REDIS, Tier.POSTGRES))
    again = cores[1].dictionary.lookup(word)
    assert (again.tier, again.entry) == (Tier.REDIS, first.entry)


@pytest.mark.parametrize("typed", ["don’t", "DON`T", " don\u02bct", "d\u00adon't"])
def test_typeset_words_are_the_plain_word(cores: list[Core], stand_ins: StandIns, typed: str) -> None:
    """One key, one entry, and nobody is paid twice."""
    plain = cores[0].dictionary.lookup("don't")
    paid = stand_ins.gemini.counts.total()
    found = cores[1].dictionary.lookup(typed)
    assert (found.word, found.tier, found.entry) == ("don't", Tier.REDIS, plain.entry)
    assert stand_ins.gemini.counts.total() == paid


@pytest.mark.parametrize("pasted", ["😀", "<b>word</b>", "select * from users", "https://a.example"])
def test_what_is_no_word_asks_nobody(cores: list[Core], stand_ins: StandIns, pasted: str) -> None:
    """Refused with a reason before any upstream hears of it."""
    with pytest.raises(InvalidWord):
        cores[0].dictionary.lookup(pasted)
    assert stand_ins.gemini.counts.total() + stand_ins.dictionary_api.counts.total() == 0


def test_many_callers_pay_once(cores: list[Core], stand_ins: StandIns) -> None:
    """Sixteen callers in two processes at the same moment, each with another typesetting of one unknown word."""
    typed = [f"{UNKNOWN}{apostrophe}s" for apostrophe in "'’‘`"] * 4
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: looked_up(cores[n % 2], typed[n]), range(16)))
    assert stand_ins.gemini.counts.total() == 1
