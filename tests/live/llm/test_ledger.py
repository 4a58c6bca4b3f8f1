"""Ledger rows."""

from datetime import UTC, datetime
from decimal import Decimal

from prosepolish_core.live.llm.ledger import avoided, paid, tokens_of
from prosepolish_core.model.correction import Tokens
from prosepolish_core.model.llm import LlmReply

REPLY = LlmReply("{}", "stop", "gemini-3.8-flash", prompt=450, cached=0, output=150, thoughts=0)
AUTUMN = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_paid_call_is_priced_by_the_model_that_answered() -> None:
    """The row has the version that answered, its tokens, and the price of the day."""
    call = paid("correct", REPLY, 1.5, AUTUMN)
    assert (call.kind, call.task, call.model, call.duration_s) == ("paid", "correct", "gemini-3.8-flash", 1.5)
    assert call.cost_usd == Decimal("0.0009")


def test_an_avoided_call_is_priced_at_the_day_of_the_hit() -> None:
    """A hit after the price has doubled avoids twice the money, and names the row it was priced by;
    what it cost then is kept.
    """
    call = paid("correct", REPLY, 1.5, AUTUMN)
    then, later = avoided(call, AUTUMN), avoided(call, datetime(2027, 1, 1, tzinfo=UTC))
    assert (then.kind, then.cost_usd, then.price_date) == ("avoided", Decimal("0.0009"), "")
    assert (later.kind, later.cost_usd, later.price_date) == ("avoided", Decimal("0.0018"), "2027-01-01")
    assert (then.then_usd, later.then_usd) == (Decimal("0.0009"), Decimal("0.0009"))


def test_an_unknown_model_has_no_price() -> None:
    """None on both sides of the ledger."""
    assert paid("correct", REPLY._replace(model_version="other"), 1.0, AUTUMN).cost_usd is None
    call = avoided(paid("correct", REPLY._replace(model_version="other"), 1.0, AUTUMN), AUTUMN)
    assert (call.cost_usd, call.then_usd) == (None, None)


def test_a_call_without_counts_of_tokens_is_unpriced() -> None:
    """A reply that does not say what it used was not free."""
    assert paid("correct", REPLY._replace(prompt=0, output=0), 1.0, AUTUMN).cost_usd is None
    assert avoided(paid("correct", REPLY._replace(prompt=0, output=0), 1.0, AUTUMN), AUTUMN).cost_usd is None


def test_more_cached_than_prompt_tokens_are_cut() -> None:
    """An impossible count of the SDK does not stop the ledger."""
    assert tokens_of(REPLY._replace(cached=900)) == Tokens(450, 450, 150, 0)
