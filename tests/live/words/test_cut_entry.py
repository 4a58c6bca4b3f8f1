"""The largest entries are cut so that Redis takes them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from demo.lexicon import lexicon
from demo.standins.entries import wire_entry
from prosepolish_core.live.cache.stored_value import encode
from prosepolish_core.live.words.cut_entry import MOST_BYTES, cut
from prosepolish_core.live.words.dictionary_api import read_entry
from prosepolish_core.live.words.stored_answer import to_value

#: The longest entries of the language.
LONG = [read_entry(wire_entry(word, lexicon().raw(word) or {})) for word in ("run", "set", "turn", "round", "light", "fall")]


def everything(times: int) -> dict[str, Any]:
    """An entry with all senses of the longest ones, several times over."""
    meanings = [meaning for entry in LONG if entry for meaning in entry["meanings"]]  # type: ignore[attr-defined]
    return {"word": "x", "meanings": [{**meaning, "part_of_speech": f"part {n}"} for n in range(times) for meaning in meanings]}


@given(st.integers(1, 6))
def test_an_entry_of_any_length_fits(times: int) -> None:
    """Up to hundreds of kilobytes of real senses."""
    entry = everything(times)
    value = to_value(entry, "dictionary_api", None)
    assert encode("dict:x", value, 0, 0).fits
    assert value["entry"]["word"] == "x"


@given(st.integers(1, 3))
def test_the_first_senses_of_each_part_of_speech_stay(times: int) -> None:
    """What is left of a part of speech is its beginning, and in order."""
    entry = everything(times)
    for before, after in zip(entry["meanings"], cut(entry)["meanings"], strict=False):
        assert before["part_of_speech"] == after["part_of_speech"]
        kept = len(after["definitions"])
        assert kept >= 1
        assert [d["definition"] for d in after["definitions"]] == [d["definition"] for d in before["definitions"][:kept]]


def test_an_ordinary_entry_is_left_alone() -> None:
    """Also the longest of a real dictionary: packed, it fits as it is."""
    for entry in LONG:
        assert entry is not None
        assert cut(entry) is entry
    assert cut({"word": "x"}) == {"word": "x"}
    assert MOST_BYTES > 10_240
