"""Whether the LLM's answer is fit to use."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.live.llm.answers import MOST_MEANINGS, BadAnswer, answer_of, definition
from prosepolish_core.model.llm import LlmReply


def said(text: str, finish: str = "stop") -> LlmReply:
    return LlmReply(text, finish, "m", 10, 0, 10, 0)


JSON = st.dictionaries(st.text(), st.text() | st.integers() | st.booleans(), max_size=4)


@given(JSON, st.sampled_from(["json", "JSON", "", "text"]), st.sampled_from(["\n", " ", "\r\n"]), st.sampled_from(["", "\n", "  "]))
def test_one_code_fence_around_the_answer_is_taken_off(answer: dict[str, Any], tag: str, after: str, around: str) -> None:
    """Whatever the answer holds, code fences too: with its fence it is read as without."""
    plain = json.dumps(answer, ensure_ascii=False)
    assert answer_of(said(f"{around}```{tag}{after}{plain}\n```{around}")) == answer_of(said(plain)) == answer


@pytest.mark.parametrize(
    "text",
    [
        "```json\n```json\n{}\n```\n```",
        "```json\n{}",
        "{}\n```",
        "Here it is:\n```json\n{}\n```",
        "```json\n{}\n```\nDone!",
        "```{}```",
    ],
)
def test_nothing_else_around_the_answer_is_taken_off(text: str) -> None:
    """Two fences, half a fence, or talk beside the fence: that is no JSON answer."""
    with pytest.raises(BadAnswer, match="schema"):
        answer_of(said(text))


@pytest.mark.parametrize("finish", ["length", "safety", "recitation", "empty", "other"])
def test_only_a_finished_answer_counts(finish: str) -> None:
    """Whatever the text says, an answer that was cut off or blocked is none."""
    with pytest.raises(BadAnswer, match=finish):
        answer_of(said("{}", finish))


def test_a_definition_becomes_an_entry() -> None:
    """Meanings are kept in order, at most five, each text on one line."""
    meaning = {"part_of_speech": "noun", "definitions": [{"definition": "A dog's\n cry.", "example": "Hark!"}]}
    entry = definition("bark", said(json.dumps({"known": True, "meanings": [meaning] * 9})))
    assert entry is not None
    assert entry["word"] == "bark"
    assert entry["source"] == "gemini"
    assert len(entry["meanings"]) == MOST_MEANINGS  # type: ignore[arg-type]
    assert entry["meanings"][0]["definitions"] == [{"definition": "A dog's cry.", "example": "Hark!"}]  # type: ignore[index]


def test_an_unknown_word_is_no_entry() -> None:
    """`known` false counts even when the LLM could not resist inventing a meaning."""
    assert definition("xqzzt", said('{"known": false, "meanings": []}')) is None
    invented = {"part_of_speech": "noun", "definitions": [{"definition": "Hm."}]}
    assert definition("xqzzt", said(json.dumps({"known": False, "meanings": [invented]}))) is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"meanings": []}, "schema"),
        ({"known": "yes", "meanings": []}, "schema"),
        ({"known": True}, "schema"),
        ({"known": True, "meanings": []}, "empty"),
        ({"known": True, "meanings": ["a"]}, "schema"),
        ({"known": True, "meanings": [{"definitions": []}]}, "schema"),
        ({"known": True, "meanings": [{"definitions": [{"definition": " "}]}]}, "schema"),
        ({"known": True, "meanings": [{"definitions": [{"definition": 7}]}]}, "schema"),
        ({"known": True, "meanings": [{"definitions": [{"definition": "x" * 601}]}]}, "length_ratio"),
        ({"known": True, "meanings": [{"definitions": [{"definition": "<img src=x onerror=y>"}]}]}, "markup"),
        ({"known": True, "meanings": [{"part_of_speech": "a\x00b", "definitions": [{"definition": "x"}]}]}, "markup"),
    ],
)
def test_a_definition_of_another_shape_is_refused(answer: dict[str, Any], why: str) -> None:
    """Half an entry is none."""
    with pytest.raises(BadAnswer, match=f"^{why}$"):
        definition("bark", said(json.dumps(answer)))
