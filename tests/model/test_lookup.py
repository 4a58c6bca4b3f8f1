"""The answer to one word: built one by one or many at once, its entry only when it is asked for."""

from collections.abc import Mapping
from typing import Any

import pytest

from prosepolish_core.model.lookup import FREE, Lookup, redis_hits
from prosepolish_core.model.outcome import Outcome, Tier, TraceStep
from tests.support.words import entry

PLAIN: Mapping[str, Any] = entry("a", "First.")
TRACE = (TraceStep(Tier.REDIS, Outcome.HIT, 0.0, 0.001),)


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    """Every field, whatever is added to one of the two ways."""
    many = redis_hits(["a", "b"], [PLAIN, PLAIN], [(9000, 10000), (8000, 10000)], TRACE)
    single = [Lookup(word, PLAIN, Tier.REDIS, Outcome.HIT, TRACE, FREE, age_s) for word, age_s in (("a", 1.0), ("b", 2.0))]
    fields = [*(name for name in Lookup.__slots__ if not name.startswith("_")), "age_s"]
    assert [[getattr(hit, name) for name in fields] for hit in many] == [[getattr(hit, name) for name in fields] for hit in single]


def test_columns_of_different_lengths_are_refused() -> None:
    """No word may get another word's answer."""
    with pytest.raises(ValueError, match="zip"):
        redis_hits(["a", "b"], [PLAIN], [(9000, 10000), (8000, 10000)], TRACE)


def test_the_entry_is_built_once_and_an_absence_has_none() -> None:
    """And the same object is given every time."""
    (hit,) = redis_hits(["a"], [PLAIN], [(9000, 10000)], TRACE)
    assert hit.entry is not None
    assert hit.entry is hit.entry
    assert hit.entry.meanings[0].definitions[0].definition == "First."
    assert Lookup("a", None, Tier.REDIS, Outcome.NEGATIVE_HIT, TRACE).entry is None
