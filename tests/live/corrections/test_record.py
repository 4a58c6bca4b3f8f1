"""What a load of a correction came to."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.live.corrections.record import CorrectionRecord
from prosepolish_core.live.llm.ledger import LONGEST_S
from prosepolish_core.model.correction import Tokens
from prosepolish_core.model.outcome import Outcome

GOOD = CorrectionRecord("The text.", "m", Tokens(9, 3, 4, 5), 1.25, cost_usd=Decimal("0.000123"))
BAD = CorrectionRecord(None, "m", Tokens(9, 0, 4, 5), 1.25, Outcome.ERROR, "safety")

counts = st.integers(0, 10**7)
records = st.builds(
    lambda text, model, prompt, cached, rest, seconds, cost: CorrectionRecord(
        text, model, Tokens(prompt + cached, cached, *rest), seconds, cost_usd=cost
    ),
    st.text(min_size=1),
    st.text(),
    counts,
    counts,
    st.tuples(counts, counts),
    st.floats(0, LONGEST_S),
    st.none() | st.decimals(0, 100, places=9),
)


@given(records)
def test_it_survives_json(record: CorrectionRecord) -> None:
    """What was stored is what is read."""
    assert CorrectionRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record


def test_a_fault_survives_json() -> None:
    """So that waiters in other processes hear why there is no text."""
    assert CorrectionRecord.from_dict(json.loads(json.dumps(BAD.to_dict()))) == BAD


@pytest.mark.parametrize(
    "changed",
    [
        {"text": None},
        {"text": ""},
        {"text": 5},
        {"model": None},
        {"tokens": [1, 2, 3]},
        {"tokens": [1, 2, 0, 0]},
        {"tokens": [-1, -1, 0, 0]},
        {"tokens": [True, 0, 0, 0]},
        {"tokens": ["1", 0, 0, 0]},
        {"tokens": 5},
        {"duration_s": "soon"},
        {"duration_s": -1},
        {"duration_s": "inf"},
        {"duration_s": True},
        {"duration_s": 1e300},
        {"tokens": [10**30, 0, 0, 0]},
        {"outcome": "splendid"},
        {"outcome": "error"},
        {"detail": 7},
        {"cost_usd": "NaN"},
        {"cost_usd": "-1"},
        {"cost_usd": "1e300"},
        {"cost_usd": "much"},
        {"cost_usd": []},
    ],
)
def test_what_is_not_ours_is_not_read(changed: dict[str, Any]) -> None:
    """A value somebody edited in Redis is none."""
    assert CorrectionRecord.from_dict(GOOD.to_dict() | changed) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
)
def test_no_shape_raises(value: Any) -> None:
    """Any JSON value gives None."""
    assert CorrectionRecord.from_dict(value) is None
