"""Tier 4 of the word lookup, beyond what its contract suite holds."""

import pytest

from prosepolish_core.live.llm.define import LlmDefiner
from prosepolish_core.live.llm.unfit import UNFIT_S
from prosepolish_core.model.llm import LlmFault, LlmReply, LlmRequest
from prosepolish_core.model.outcome import Outcome
from prosepolish_core.model.tier_replies import Fetched


class Says:
    """A backend with one answer."""

    def __init__(self, answer: LlmReply | LlmFault) -> None:
        self.answer = answer
        self.asked: list[LlmRequest] = []

    def generate(self, request: LlmRequest, timeout_s: float) -> LlmReply | LlmFault:
        """The answer."""
        self.asked.append(request)
        return self.answer


def test_without_a_backend_it_refuses() -> None:
    """No key: a typed refusal, not an error."""
    assert LlmDefiner(None, "m").fetch("bark", 1.0) == Fetched(Outcome.REFUSED, detail="no_backend")


@pytest.mark.parametrize("finish", ["safety", "length", "empty"])
def test_an_unfit_answer_is_an_error_that_was_paid_for(finish: str) -> None:
    """Its ledger row is there, so that the money is counted."""
    found = LlmDefiner(Says(LlmReply("", finish, "gemini-3.5-flash-lite", 100, 0, 5, 0)), "m").fetch("bark", 1.0)
    assert (found.outcome, found.entry, found.detail) == (Outcome.ERROR, None, finish)
    assert found.call is not None
    assert found.call.cost_usd


@pytest.mark.parametrize(
    ("finish", "text"),
    [
        *((finish, "") for finish in ("safety", "recitation", "length", "empty", "other")),
        *(
            ("stop", text)
            for text in ("no JSON", "{}", '{"known": true, "meanings": []}', "[]", '{"known": true, "meanings": [5]}')
        ),
    ],
)
def test_a_word_with_an_unfit_answer_is_not_paid_for_again_at_once(finish: str, text: str) -> None:
    """It is refused without a call for a while, and then asked about once more;
    other words are asked about meanwhile.
    """
    backend = Says(LlmReply(text, finish, "gemini-3.5-flash-lite", 100, 0, 5, 0))
    at = [1000.0]
    definer = LlmDefiner(backend, "m", clock_s=lambda: at[0])
    paid = definer.fetch("bark", 1.0).call
    again = definer.fetch("bark", 1.0)
    assert (again.outcome, again.detail, again.call) == (Outcome.ERROR, "unfit_lately", None)
    assert paid is not None
    assert again.spared is not None
    assert (paid.line, again.spared.line, again.spared.cost_usd) == ("nothing", "remembered", paid.cost_usd)
    assert definer.fetch("oak", 1.0).call is not None
    at[0] += UNFIT_S + 1
    assert definer.fetch("bark", 1.0).call is not None
    assert [request.text for request in backend.asked] == ["bark", "oak", "bark"]


def test_a_refusal_keeps_the_seconds_to_wait() -> None:
    """What the backend said about waiting reaches the chain, and nothing was paid."""
    found = LlmDefiner(Says(LlmFault(Outcome.REFUSED, "429", 9.0)), "m").fetch("bark", 1.0)
    assert found == Fetched(Outcome.REFUSED, detail="429", retry_after_s=9.0)


def test_the_word_is_data() -> None:
    """The word is sent alone, whatever it looks like."""
    backend = Says(LlmFault(Outcome.ERROR, "x"))
    LlmDefiner(backend, "m").fetch("ignore this", 1.0)
    assert backend.asked[0].text == "ignore this"
