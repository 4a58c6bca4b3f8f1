"""Ledger rows."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from prosepolish_core.live.llm.ledger import Ledger, cost_of_fault, tokens_of
from prosepolish_core.model.correction import Tokens
from prosepolish_core.model.llm import LedgerLine, LlmCall, LlmFault, LlmReply, LlmRequest
from prosepolish_core.model.outcome import Outcome
from prosepolish_core.model.provenance import Provenance, acting_as

REPLY = LlmReply("{}", "stop", "gemini-3.8-flash", prompt=450, cached=0, output=150, thoughts=0)
REQUEST = LlmRequest("Correct.", "Teh fox.", "gemini-3.8-flash", 0.0, 100, task="correct")
AUTUMN, WINTER = datetime(2026, 11, 23, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def on(day: datetime, usual: Provenance = Provenance.LIVE) -> Ledger:
    return Ledger(usual=usual, now=lambda: day)


def test_a_paid_call_is_priced_by_the_model_that_answered() -> None:
    """The row has the version that answered, its tokens, and the price of the day with its source."""
    call = on(AUTUMN).paid("correct", REPLY, 1.5)
    assert (call.kind, call.task, call.model, call.duration_s) == ("paid", "correct", "gemini-3.8-flash", 1.5)
    assert (call.cost_usd, call.state, call.line) == (Decimal("0.0009"), "priced", "answer")
    assert re.fullmatch(r"genai-prices \d+\.\d+\.\d+, checked \d{4}-\d\d-\d\d", call.price_source)


def test_an_avoided_call_is_priced_at_the_day_of_the_hit() -> None:
    """A hit after the price has doubled avoids twice the money, and names the row it was priced by;
    what it cost then is kept.
    """
    call = on(AUTUMN).paid("correct", REPLY, 1.5)
    then, later = on(AUTUMN).avoided(call, LedgerLine.REDIS), on(WINTER).avoided(call, LedgerLine.REDIS)
    assert (then.kind, then.cost_usd, then.price_date) == ("avoided", Decimal("0.0009"), "")
    assert (later.kind, later.cost_usd, later.price_date) == ("avoided", Decimal("0.0018"), "2027-01-01")
    assert (then.then_usd, later.then_usd) == (Decimal("0.0009"), Decimal("0.0009"))


def test_an_unknown_model_has_no_price() -> None:
    """None on both sides of the ledger, and the state says so."""
    call = on(AUTUMN).paid("correct", REPLY._replace(model_version="other"), 1.0)
    spared = on(AUTUMN).avoided(call, LedgerLine.REDIS)
    assert (call.cost_usd, call.state) == (None, "unpriced")
    assert (spared.cost_usd, spared.then_usd, spared.state) == (None, None, "unpriced")


def test_a_call_without_counts_of_tokens_has_an_unknown_cost() -> None:
    """A reply that does not say what it used was not free."""
    call = on(AUTUMN).paid("correct", REPLY._replace(prompt=0, output=0), 1.0)
    assert (call.cost_usd, call.state) == (None, "unknown")
    assert on(AUTUMN).avoided(call, LedgerLine.REDIS).cost_usd is None


def test_an_unfit_answer_is_paid_for_nothing() -> None:
    """It costs what it costs, in a line of its own that says why."""
    call = on(AUTUMN).paid("correct", REPLY, 1.0, "length")
    assert (call.line, call.detail, call.cost_usd) == ("nothing", "length", Decimal("0.0009"))


def test_what_the_models_own_cache_takes_off_is_told_and_is_no_saving() -> None:
    """400 of 450 tokens at a tenth of the price: the discount stands beside the cost; a hit avoids the latter."""
    call = on(AUTUMN).paid("correct", REPLY._replace(cached=400), 1.0)
    assert (call.cost_usd, call.discount_usd) == (Decimal("0.00063"), Decimal("0.00027"))
    assert on(AUTUMN).avoided(call, LedgerLine.REDIS).cost_usd == Decimal("0.00063")


def test_more_cached_than_prompt_tokens_are_cut() -> None:
    """An impossible count of the SDK does not stop the ledger."""
    assert tokens_of(REPLY._replace(cached=900)) == Tokens(450, 450, 150, 0)


@pytest.mark.parametrize(
    ("usual", "asked_as", "mark"),
    [
        (Provenance.LIVE, None, "live"),
        (Provenance.LIVE, Provenance.PLAYGROUND, "playground"),
        (Provenance.LIVE, Provenance.REFRESH, "refresh"),
        (Provenance.STAND_IN, Provenance.PLAYGROUND, "stand-in"),
        (Provenance.TEST, Provenance.REFRESH, "test"),
    ],
)
def test_a_row_says_whose_doing_it_was(usual: Provenance, asked_as: Provenance | None, mark: str) -> None:
    """What somebody only tries is marked; a stand-in stays one whoever asks."""
    ledger = on(AUTUMN, usual)
    if asked_as is None:
        assert ledger.paid("correct", REPLY, 1.0).provenance == mark
        return
    with acting_as(asked_as):
        assert ledger.paid("correct", REPLY, 1.0).provenance == mark


def test_an_answer_of_a_stand_in_saves_nobodys_money_later() -> None:
    """A user's hit on what a stand-in once answered keeps the stand-in's mark."""
    old = on(AUTUMN, Provenance.STAND_IN).paid("correct", REPLY._replace(call_id="c1"), 1.0)
    spared = on(AUTUMN).avoided(old, LedgerLine.REDIS)
    assert (spared.provenance, spared.of_call) == ("stand-in", "c1")


def test_a_call_is_written_down_before_it_leaves_and_when_it_is_lost() -> None:
    """Two rows under one id: sent, then what is known of its cost."""
    rows: list[LlmCall] = []
    ledger = Ledger(rows.append)
    call_id = ledger.sent(REQUEST)
    ledger.lost(call_id, REQUEST, LlmFault(Outcome.TIMEOUT, "deadline", None, None), 20.0)
    ledger.lost(call_id, REQUEST, LlmFault(Outcome.REFUSED, "429"), 0.1)
    assert {row.call_id for row in rows} == {call_id}
    assert [(row.state, row.line, row.cost_usd) for row in rows[1:]] == [("unknown", "nothing", None), ("priced", "nothing", 0)]
    assert rows[0].state == "sent"


@pytest.mark.parametrize(
    ("outcome", "detail", "cost"),
    [
        (Outcome.TIMEOUT, "deadline", None),
        (Outcome.ERROR, "disconnected", None),
        (Outcome.ERROR, "malformed", None),
        (Outcome.ERROR, "connect", 0),
        (Outcome.ERROR, "503", 0),
        (Outcome.REFUSED, "429", 0),
    ],
)
def test_what_was_refused_costs_nothing_and_what_was_cut_off_nobody_knows(outcome: Outcome, detail: str, cost: int | None) -> None:
    """An error status is not billed; an answer that did not come through may be."""
    assert cost_of_fault(outcome, detail) == cost
