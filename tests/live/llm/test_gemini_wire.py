"""What Gemini sends, in one form."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.live.llm.gemini_wire import FINISH, read_reply
from prosepolish_core.model.llm import LlmReply

USAGE = {"promptTokenCount": 5, "cachedContentTokenCount": 1, "candidatesTokenCount": 2, "thoughtsTokenCount": 3}


def reply(*candidates: dict[str, Any], usage: Any = None, **more: Any) -> LlmReply:
    """A reply with some tokens."""
    return read_reply({"candidates": list(candidates), "usageMetadata": usage or USAGE, **more}, "asked-for")


def candidate(finish: Any, *parts: dict[str, Any]) -> dict[str, Any]:
    """One candidate."""
    return {"finishReason": finish, "content": {"parts": list(parts)}}


@pytest.mark.parametrize("finish", ["STOP", 1, "1"])
def test_a_finish_reason_is_read_in_every_form(finish: Any) -> None:
    """As a name and as a number."""
    assert reply(candidate(finish, {"text": "a"})).finish == "stop"


def test_only_stop_is_stop() -> None:
    """No other reason is taken for a finished answer."""
    assert {name for name, word in FINISH.items() if word == "stop"} == {"STOP", "1"}
    for finish in (0, 99, None, "", "STOPPED", "MALFORMED_FUNCTION_CALL"):
        assert reply(candidate(finish, {"text": "a"})).finish == "other"


@given(st.lists(st.tuples(st.text(), st.booleans()), max_size=6))
def test_the_parts_are_joined_and_thoughts_left_out(parts: list[tuple[str, bool]]) -> None:
    """A text in several parts is one text; a part marked as thought is not for readers."""
    said = reply(candidate("STOP", *({"text": text, "thought": thought} for text, thought in parts), {"text": None}))
    assert said.text == "".join(text for text, thought in parts if not thought)
    assert said.finish == ("stop" if said.text.strip() else "empty")


@pytest.mark.parametrize(
    "reason", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR", "NEWER", 1, 9]
)
def test_a_blocked_prompt_is_a_refusal_whatever_the_reason_is_called(reason: Any) -> None:
    """Reasons are added every few months; none of them is an empty answer."""
    assert reply(promptFeedback={"blockReason": reason}).finish == "safety"


def test_no_candidate_and_no_reason_is_empty() -> None:
    """There is just nothing."""
    assert reply().finish == reply(promptFeedback={"blockReason": "BLOCK_REASON_UNSPECIFIED"}).finish == "empty"
    assert reply({"finishReason": "STOP", "content": None}).finish == "empty"


def test_the_first_candidate_counts() -> None:
    """We ask for one; were there more, the others would be left out."""
    assert reply(candidate("STOP", {"text": "one"}), candidate("SAFETY", {"text": "two"})).text == "one"


@given(*(st.integers(0, 10**6) for _ in range(5)))
def test_every_billed_token_is_counted_once(prompt: int, cached: int, output: int, thoughts: int, tools: int) -> None:
    """Thoughts and the use of tools are output; where their counts are missing, the total still has them."""
    total = prompt + cached + output + thoughts + tools
    usage = {"promptTokenCount": prompt + cached, "cachedContentTokenCount": cached, "candidatesTokenCount": output}
    full = usage | {"thoughtsTokenCount": thoughts, "toolUsePromptTokenCount": tools, "totalTokenCount": total}
    for told in (full, usage | {"totalTokenCount": total}):
        said = reply(candidate("STOP", {"text": "a"}), usage=told)
        assert (said.prompt, said.cached, said.output, said.thoughts) == (prompt + cached, cached, output, thoughts + tools)


@pytest.mark.parametrize("wrong", [-1, 10**9, 10**30])
@pytest.mark.parametrize("name", USAGE)
def test_counts_that_no_call_can_have_are_no_reply(name: str, wrong: int) -> None:
    """They would otherwise stop the ledger, or fill its sums with nonsense."""
    with pytest.raises(ValueError, match="impossible"):
        reply(candidate("STOP", {"text": "a"}), usage=USAGE | {name: wrong})
