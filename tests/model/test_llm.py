"""The ledger row of a call: as a dictionary and back, and added up."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.model.llm import TOKENS, LlmCall, added

money = st.none() | st.decimals(0, 10_000, places=9)
calls = st.builds(
    LlmCall,
    st.sampled_from(["paid", "avoided"]),
    st.text(),
    st.text(),
    *[st.integers(0, 10**8)] * 4,
    money,
    st.text(),
    st.floats(0, 3600),
    money,
    discount_usd=money,
)


@given(calls)
def test_a_call_survives_json_to_the_last_digit(call: LlmCall) -> None:
    """Every field, unpriced too."""
    assert LlmCall.from_dict(json.loads(json.dumps(call.to_dict()))) == call


@pytest.mark.parametrize("changed", [{"cost_usd": "much"}, {"cost_usd": []}, {"new_field": 1}])
def test_what_another_version_wrote_is_none(changed: dict[str, object]) -> None:
    """A field more, or money that is none."""
    call = LlmCall("paid", "define", "m", 1, 0, 1, 0, Decimal(1), "2026-01-01", 1.0)
    assert LlmCall.from_dict(call.to_dict() | changed) is None
    assert LlmCall.from_dict({name: value for name, value in call.to_dict().items() if name != "prompt"}) is None


@given(st.lists(calls, min_size=1, max_size=5))
def test_a_sum_is_the_sum_and_an_unknown_part_makes_it_unknown(rows: list[LlmCall]) -> None:
    """Tokens, money of today and money of then."""
    sums = added(rows, "cost_usd", "then_usd")
    assert set(sums) == {*TOKENS, "cost_usd", "then_usd"}
    for name, total in sums.items():
        parts = [getattr(row, name) for row in rows]
        assert total == (None if None in parts else sum(parts))
