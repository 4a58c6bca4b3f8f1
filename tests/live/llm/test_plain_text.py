"""What an answer may not add: markup, and characters nobody sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.live.llm.plain_text import added_markup, added_unseen

ZWNJ, ZWJ, LRM, RLM = "\u200c", "\u200d", "\u200e", "\u200f"
#: Words of scripts in which a joiner is spelling, split where it goes.
JOINED = [
    ("می", "خواهم"), ("کتاب", "ها"), ("ক্", "ষ"), ("क्", "ष"), ("ශ්", "රී"), ("ක්", "ෂ"), ("അവന്", "റ"), ("ક્", "ષ"), ("ක්", "ය"), ("க்", "ஷ"),
]  # fmt: skip
EMOJI = ["👨‍👩‍👧", "👩🏽‍🚀", "❤️‍🔥", "🐈‍⬛", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👁️‍🗨️", "🧑‍🤝‍🧑", "1️⃣", "🇩🇪"]
#: Overrides, embeddings, isolates, blanks of no width, fillers, a byte order mark, letters of tags, controls.
NEVER = [
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u2060\u2061\u2063\u3164\uffa0\u115f\u1160\ufeff\u00ad\u2028\u2029",
    *"\U000e0001\U000e0041\x00\x08\x1b\x1c\x1f\x7f\x85\u2800\ufff9\ue000",
]  # fmt: skip


@pytest.mark.parametrize(("one", "two"), JOINED)
@pytest.mark.parametrize("joiner", [ZWNJ, ZWJ])
def test_joiners_may_be_added_where_the_script_spells_with_them(one: str, two: str, joiner: str) -> None:
    """Persian plurals, Sinhala and Indic conjuncts."""
    assert not added_unseen(one + two, one + joiner + two)


@pytest.mark.parametrize("emoji", EMOJI)
def test_emoji_may_be_joined(emoji: str) -> None:
    """Families, professions, flags: joiners, skin tones and the letters of a flag's tag."""
    assert not added_unseen("I like it.", f"I like it. {emoji}")


@pytest.mark.parametrize("mark", [LRM, RLM, "\u061c"])
def test_direction_marks_may_be_added_to_texts_from_right_to_left_only(mark: str) -> None:
    """Hebrew and Arabic need them beside Latin words and brackets; an English text does not."""
    assert not added_unseen("המחיר (USD)", f"המחיר{mark} (USD)")
    assert not added_unseen("السعر (USD)", f"السعر{mark} (USD)")
    assert added_unseen("The price (USD)", f"The price{mark} (USD)")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), max_size=30), st.sampled_from([ZWNJ, ZWJ]), st.integers(0, 30))
def test_a_joiner_in_a_script_without_joining_is_refused(text: str, joiner: str, place: int) -> None:
    """It would carry hidden data between Latin letters."""
    assert added_unseen(text, text[:place] + joiner + text[place:])


@given(st.text(st.sampled_from("abc אבג می ශ්😀👩🏽"), max_size=20), st.sampled_from(NEVER), st.integers(0, 20))
def test_what_no_script_needs_is_refused_wherever_it_stands(text: str, hidden: str, place: int) -> None:
    """Bidirectional tricks, hidden letters and controls; but what the writer had may stay, once for each time."""
    answer = text[:place] + hidden + text[place:]
    assert added_unseen(text, answer)
    assert not added_unseen(answer, answer)
    assert added_unseen(answer, answer + "b" + hidden)


@pytest.mark.parametrize("tag", ["b", "script", "IMG", "a", "svg", "h1", "iframe", "x-y", "math"])
@given(inside=st.sampled_from(["", " ", " src=x", " onerror=alert(1)", "/", " /"]), close=st.sampled_from(["", "/", " / "]))
def test_elements_are_markup(tag: str, inside: str, close: str) -> None:
    """Opened, closed, with attributes, in any letters, after a blank or a word."""
    assert added_markup("a b", f"a <{close}{tag}{inside}> b")
    assert added_markup("a b", f"a<{close}{tag}{inside}> b") or tag == "x-y"


@pytest.mark.parametrize(
    "code",
    ["List<String>", "List<Object>", "Promise<Data>", "Set<Label>", "Option<Time>", "Map<String, List<int>>", "Vec<T>", "Promise<void>", "std::vector<int>", "Box<B>", "a < b", "a<=b && c>d", "x -> y", "<3", "i<n"],
)  # fmt: skip
def test_code_is_no_markup(code: str) -> None:
    """Types with parameters, comparisons and arrows are how people write of programs."""
    assert not added_markup("", f"We use {code} here")


@pytest.mark.parametrize("code", ["arr[0](x)", "2**3**4", "f(**a, **b)", "# 1 of 2"[2:], "snake_case", "C#"])
def test_brackets_and_stars_of_code_are_no_markup(code: str) -> None:
    """A call of an item, powers and keyword arguments are neither links nor bold print."""
    assert not added_markup("", f"We use {code} here")
