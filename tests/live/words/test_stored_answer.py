"""What a lookup keeps in Redis."""

from decimal import Decimal
from typing import Any

import pytest

from prosepolish_core.live.words.stored_answer import paid_in, to_value
from prosepolish_core.model.llm import LlmCall

PAID = LlmCall("paid", "define", "m", 100, 10, 50, 5, Decimal("0.0005"), "2026-01-01", 1.5)


@pytest.mark.parametrize("cost", [Decimal("0.0005"), None])
def test_the_call_behind_a_word_is_read_back(cost: Decimal | None) -> None:
    """To the last digit, unpriced too."""
    call = PAID._replace(cost_usd=cost)
    assert paid_in(to_value({}, "gemini", call)) == call


@pytest.mark.parametrize(
    "changed",
    [
        {"task": 5},
        {"model": None},
        {"prompt": "100"},
        {"prompt": 10**30},
        {"cached": 101},
        {"output": -1},
        {"cost_usd": "NaN"},
        {"cost_usd": "-1"},
        {"cost_usd": "1e300"},
        {"cost_usd": "much"},
        {"duration_s": "1.5"},
        {"duration_s": 1e300},
        {"price_date": []},
    ],
)
def test_a_call_that_somebody_made_up_reaches_no_sum(changed: dict[str, Any]) -> None:
    """Whoever edits a value in Redis must not be able to fill the ledger with nonsense, or to stop it."""
    value = to_value({}, "gemini", PAID)
    assert paid_in({**value, "paid": value["paid"] | changed}) is None


@pytest.mark.parametrize("paid", [None, 5, [], {}, ["paid", "define", "m", 100, 10, 50, 5, "0.0005", "2026-01-01", 1.5]])
def test_a_call_that_another_version_wrote_is_none(paid: object) -> None:
    """The entry is answered all the same."""
    assert paid_in({"entry": {}, "source": "gemini", "paid": paid}) is None
