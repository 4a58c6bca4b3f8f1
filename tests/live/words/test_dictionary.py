"""The word lookup over a real Valkey and a real PostgreSQL, with scripted upstreams."""

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
import redis

from prosepolish_core.errors import InvalidInput, InvalidWord, LookupUnavailable
from prosepolish_core.live.cache.stored_value import HEADER
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.outcome import Outcome, Tier
from prosepolish_core.model.tier_replies import Fetched
from tests.support.words import Open, Remembers, Source, api, entry, gemini, knows

pytestmark = pytest.mark.live
PAID = LlmCall("paid", "define", "m", 100, 0, 50, 0, Decimal("0.0005"), "2026-01-01", 1.0)


@pytest.fixture
def forget_in_redis(valkey_url: str) -> Iterator[Callable[[str], None]]:
    """Deletes keys behind the lookup's back, as an eviction would."""
    with redis.Redis.from_url(valkey_url) as client:
        yield lambda word: client.delete(f"dict:{word}") and None


@pytest.mark.parametrize(
    ("typed", "asked"), [("Straße", "Straße"), ("λόγος", "λόγος"), (" Don’t ", "Don't"), ("ICE\u2010CREAM", "ICE-CREAM")]
)
def test_upstreams_are_asked_with_the_spelling_that_was_typed(open_dictionary: Open, typed: str, asked: str) -> None:
    """Alone and in a batch; every spelling of the word then finds the one entry."""
    for one, look in enumerate((lambda d, w: d.lookup(w), lambda d, w: d.lookup_many([w, "oak"])[w])):
        suffix = "y" * one  # another word for the batch
        source = api(asked + suffix)
        dictionary = open_dictionary(source)
        assert look(dictionary, typed.strip() + suffix).tier is Tier.DICTIONARY_API
        assert asked + suffix in source.asked
        assert dictionary.lookup((typed.strip() + suffix).upper()).tier is Tier.REDIS


def test_an_answer_climbs_the_tiers(open_dictionary: Open, forget_in_redis: Callable[[str], None]) -> None:
    """First from the API, then from Redis, and after an eviction from PostgreSQL; the API is asked once."""
    source = api("Eloquent")
    dictionary = open_dictionary(source)
    first, second = dictionary.lookup("  Eloquent"), dictionary.lookup("eloquent")
    forget_in_redis("eloquent")
    third = dictionary.lookup("eloquent")
    assert [(f.tier, f.outcome) for f in (first, second, third)] == [
        (Tier.DICTIONARY_API, Outcome.HIT),
        (Tier.REDIS, Outcome.HIT),
        (Tier.POSTGRES, Outcome.HIT),
    ]
    assert first.trace[-1].filled == (Tier.REDIS, Tier.POSTGRES)
    assert [step.tier for step in first.trace] == [Tier.REDIS, Tier.POSTGRES, Tier.DICTIONARY_API]
    assert third.trace[-1].filled == (Tier.REDIS,)
    assert source.asked == ["Eloquent"]
    assert all(f.entry is not None and f.entry.word == "Eloquent" and not f.degraded for f in (first, second, third))


def test_a_function_word_that_the_api_lacks_is_paid_for_once(open_dictionary: Open, forget_in_redis: Callable[[str], None]) -> None:
    """Gemini's answer ends in PostgreSQL; neither upstream is asked again, and what was saved is counted."""
    tier3 = api()
    tier4 = Source(Tier.GEMINI, {"is": Fetched(Outcome.HIT, entry("is"), call=PAID)})
    dictionary = open_dictionary(tier3, tier4)
    first = dictionary.lookup("is")
    assert (first.tier, first.outcome, first.cost_usd) == (Tier.GEMINI, Outcome.HIT, Decimal("0.0005"))
    second = dictionary.lookup("is")
    forget_in_redis("is")
    third = dictionary.lookup("is")
    assert (second.cost_usd, third.tier) == (Decimal(0), Tier.POSTGRES)
    assert (len(tier3.asked), len(tier4.asked)) == (1, 1)


def test_paid_and_avoided_calls_are_ledger_rows(
    open_dictionary: Open, recorder: Remembers, forget_in_redis: Callable[[str], None]
) -> None:
    """One paid row for the call, one avoided row for every answer of a cache, in the line of that cache;
    PostgreSQL would have spared each of them without Redis.
    """
    dictionary = open_dictionary(Source(Tier.GEMINI, {"is": Fetched(Outcome.HIT, entry("is"), call=PAID)}))
    for _ in range(3):
        dictionary.lookup("is")
        dictionary.lookup("is")
        forget_in_redis("is")
    rows = [(call.kind, call.line, call.also_postgres) for call in recorder.calls]
    redis, postgres = ("avoided", "redis", True), ("avoided", "postgres", True)
    assert rows == [("paid", "answer", False), redis, postgres, redis, postgres, redis]


def test_an_avoided_definition_is_priced_at_the_day_of_the_hit(
    open_dictionary: Open, recorder: Remembers, forget_in_redis: Callable[[str], None]
) -> None:
    """Its recorded tokens times today's price, not what was paid in its day; that is kept beside it.

    No price known: None.
    """
    dear = PAID._replace(model="gemini-2.5-flash-lite", cost_usd=Decimal(5))
    calls = {"is": Fetched(Outcome.HIT, entry("is"), call=dear), "be": Fetched(Outcome.HIT, entry("be"), call=PAID)}
    dictionary = open_dictionary(Source(Tier.GEMINI, calls))
    for word in ("is", "be"):
        dictionary.lookup(word)
        forget_in_redis(word)
        dictionary.lookup(word)
    found = {call.model: call for call in recorder.calls if call.kind == "avoided"}
    known, unknown = found["gemini-2.5-flash-lite"], found["m"]
    assert (known.cost_usd, known.then_usd, known.state) == (Decimal("0.00003"), Decimal(5), "priced")
    assert (unknown.cost_usd, unknown.then_usd, unknown.state) == (None, PAID.cost_usd, "unpriced")


def test_waiting_for_somebody_else_s_call_is_a_line_of_its_own(open_dictionary: Open, recorder: Remembers) -> None:
    """Callers of one moment: one paid row; who waited, here and in another process, is no hit and is counted apart."""
    source = Source(Tier.GEMINI, {"is": Fetched(Outcome.HIT, entry("is"), call=PAID)}, gate=threading.Event())
    one, two = open_dictionary(source), open_dictionary(source)
    callers = [threading.Thread(target=each.lookup, args=("is",)) for each in (one, one, one, two, two)]
    for caller in callers:
        caller.start()
    threading.Event().wait(0.3)
    assert source.gate is not None
    source.gate.set()
    for caller in callers:
        caller.join()
    assert [call.kind for call in recorder.calls].count("paid") == 1
    waited = recorder.events["llm_coalesced"]
    assert 0 < waited <= 4  # a thread slow to start finds the answer: a hit
    assert [call.line for call in recorder.calls].count("coalesced") == waited
    assert [trace[-1].outcome for trace in recorder.traces].count(Outcome.COALESCED) == waited


def test_a_word_that_the_model_refuses_does_not_keep_the_others_from_it(open_dictionary: Open) -> None:
    """An answer that is paid for and unfit is "unavailable" for that word, not an outage of the model:
    its breaker stays closed.
    """
    unfit = {f"rude{n}": Fetched(Outcome.ERROR, detail="safety", call=PAID) for n in range(6)}
    dictionary = open_dictionary(Source(Tier.GEMINI, {**unfit, "is": Fetched(Outcome.HIT, entry("is"), call=PAID)}))
    for word in unfit:
        with pytest.raises(LookupUnavailable):
            dictionary.lookup(word)
    assert dictionary.lookup("is").tier is Tier.GEMINI


def test_a_typo_reaches_gemini_once(open_dictionary: Open, forget_in_redis: Callable[[str], None], database_url: str) -> None:
    """Not even after Redis has forgotten it and PostgreSQL's memory of it has run out:
    then only the free API is asked.
    """
    import psycopg

    tier3, tier4 = api(), gemini()
    dictionary = open_dictionary(tier3, tier4)
    first, second = dictionary.lookup("recieve"), dictionary.lookup("recieve")
    assert (first.entry, first.outcome) == (None, Outcome.NEGATIVE_HIT)
    assert (second.tier, second.outcome) == (Tier.REDIS, Outcome.NEGATIVE_HIT)
    forget_in_redis("recieve")
    assert dictionary.lookup("recieve").tier is Tier.POSTGRES
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE dictionary_words SET absent_until = now() - interval '1 s'")
    forget_in_redis("recieve")
    assert dictionary.lookup("recieve").outcome is Outcome.NEGATIVE_HIT
    assert (len(tier3.asked), len(tier4.asked)) == (2, 1)


def test_negatives_are_remembered_longer_each_time_but_ten_minutes_at_most(
    open_dictionary: Open, valkey_url: str, database_url: str
) -> None:
    """And a later success overrides them."""
    import psycopg

    source = api()
    dictionary = open_dictionary(source)
    lives = []
    with redis.Redis.from_url(valkey_url) as client, psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(6):
            dictionary.lookup("newword")
            lives.append(client.ttl("dict:newword"))
            connection.execute("UPDATE dictionary_words SET absent_until = now() - interval '1 s'")
            client.delete("dict:newword")
    assert lives[0] <= 60
    assert lives[1] > lives[0]
    assert max(lives) <= 600
    source.knows = knows("newword")
    assert dictionary.lookup("newword").entry is not None


@pytest.mark.parametrize(
    "fault",
    [
        Fetched(Outcome.REFUSED, detail="429", retry_after_s=30),
        Fetched(Outcome.ERROR, detail="502"),
        Fetched(Outcome.TIMEOUT, detail="timeout"),
        Fetched(Outcome.ERROR, detail="malformed"),
    ],
)
def test_a_broken_upstream_is_not_a_missing_word(open_dictionary: Open, valkey_url: str, fault: Fetched) -> None:
    """It is "unavailable", nothing is remembered, and once it works again the word is found."""
    source = api(otherwise=fault)
    dictionary = open_dictionary(source)
    with pytest.raises(LookupUnavailable) as lost:
        dictionary.lookup("eloquent")
    assert [step.outcome for step in lost.value.trace][-1] is fault.outcome  # type: ignore[attr-defined]
    with redis.Redis.from_url(valkey_url) as client:
        assert not client.exists("dict:eloquent")
    source.knows = knows("eloquent")
    if not fault.retry_after_s:
        assert dictionary.lookup("eloquent").tier is Tier.DICTIONARY_API


def test_a_broken_api_falls_through_to_gemini(open_dictionary: Open) -> None:
    """The answer says that it is degraded, and the trace says why."""
    dictionary = open_dictionary(api(otherwise=Fetched(Outcome.ERROR, detail="502")), gemini("eloquent"))
    found = dictionary.lookup("eloquent")
    assert (found.tier, found.degraded) == (Tier.GEMINI, True)
    assert [step.detail for step in found.trace] == ["", "", "502", ""]


def test_no_such_word_is_doubtful_while_gemini_is_away(open_dictionary: Open, forget_in_redis: Callable[[str], None]) -> None:
    """The API's 404 is answered, remembered for seconds only, and not at all in PostgreSQL."""
    tier4 = gemini(otherwise=Fetched(Outcome.TIMEOUT, detail="timeout"))
    dictionary = open_dictionary(api(), tier4)
    found = dictionary.lookup("is")
    assert (found.outcome, found.tier, found.degraded) == (Outcome.NEGATIVE_HIT, Tier.DICTIONARY_API, True)
    forget_in_redis("is")
    tier4.knows = knows("is")
    assert dictionary.lookup("is").tier is Tier.GEMINI


def test_retry_after_keeps_everybody_away(open_dictionary: Open) -> None:
    """One 429 that names a time: the API is not asked again before it is over."""
    tier3 = api(otherwise=Fetched(Outcome.REFUSED, detail="429", retry_after_s=30))
    dictionary = open_dictionary(tier3, gemini("a", "b"))
    dictionary.lookup("a")
    found = dictionary.lookup("b")
    assert tier3.asked == ["a"]
    assert [step.detail for step in found.trace] == ["", "", "breaker_open", ""]


def test_an_invalidation_voids_a_fill_that_is_on_its_way_in_both_stores(open_dictionary: Open, recorder: Remembers) -> None:
    """The upstream has given the old entry, somebody invalidates, neither Redis nor PostgreSQL takes it any more."""
    source = api(gate=threading.Event())
    source.knows = {"a": Fetched(Outcome.HIT, entry("a", "old"))}
    one, other = open_dictionary(source), open_dictionary(source)
    thread = threading.Thread(target=lambda: one.lookup("a"))
    thread.start()
    while not source.asked:
        pass
    assert other.invalidate("a").complete
    assert source.gate is not None
    source.gate.set()
    thread.join()
    assert recorder.events["fence_lost"] == 1
    assert recorder.events["lease_lost"] == 1
    source.knows = {"a": Fetched(Outcome.HIT, entry("a", "new"))}
    found = other.lookup("a").entry
    assert found is not None
    assert found.meanings[0].definitions[0].definition == "new"


@pytest.mark.parametrize(
    "body",
    [b"[]", b"5", b"null", b'"s"', b'{"x":1}', b'{"entry":null}', b'{"entry":5,"source":"a"}', b'{"entry":[],"source":"a"}',
     b'{"source":"a"}', b'{"unavailable":"x"}'],
)  # fmt: skip
@pytest.mark.parametrize("many", [False, True])
def test_a_well_formed_value_of_another_shape_is_deleted_counted_and_a_miss(
    open_dictionary: Open, recorder: Remembers, valkey_url: str, body: bytes, many: bool
) -> None:
    """Whoever can write to Redis can make neither a lookup nor a batch raise:
    the next tier answers, and the key is mended.
    """
    dictionary = open_dictionary(api("a", "b"))
    dictionary.lookup_many(["a", "b"])
    with redis.Redis.from_url(valkey_url) as client:
        good = client.get("dict:a")
        client.set("dict:a", good[:HEADER] + body, keepttl=True)
        found = dictionary.lookup_many(["b", "a"])["a"] if many else dictionary.lookup("a")
        assert (found.tier is Tier.REDIS, found.outcome, found.entry and found.entry.word) == (False, Outcome.HIT, "a")
        assert recorder.events["unreadable_value"] == 1
        assert client.get("dict:a")[HEADER:] == good[HEADER:]


def test_wrong_words_are_refused_before_anything_is_asked(open_dictionary: Open) -> None:
    """One bad word refuses the whole batch; too many words as well."""
    source = api("a")
    dictionary = open_dictionary(source)
    with pytest.raises(InvalidWord):
        dictionary.lookup_many(["a", ""])
    with pytest.raises(InvalidWord):
        dictionary.lookup("\x00")
    with pytest.raises(InvalidInput):
        dictionary.lookup_many(["a"] * 1001)
    assert source.asked == []


def test_the_overall_deadline_holds_whatever_a_source_does(open_dictionary: Open) -> None:
    """A source that does not keep its own deadline does not keep the caller."""
    gate = threading.Event()
    dictionary = open_dictionary(api("a", gate=gate), deadline_s=0.3)
    dictionary.lookup_many([])
    with pytest.raises(LookupUnavailable) as late:
        dictionary.lookup("a")
    gate.set()
    assert [(step.tier, step.outcome) for step in late.value.trace] == [(Tier.DICTIONARY_API, Outcome.TIMEOUT)]  # type: ignore[attr-defined]


def test_without_sources_an_unknown_word_is_a_miss(open_dictionary: Open) -> None:
    """Nobody who could know was asked, so nobody said that there is no such word."""
    found = open_dictionary().lookup("a")
    assert (found.entry, found.outcome, found.tier, found.degraded) == (None, Outcome.MISS, None, False)
