"""What both SDKs say, in one form."""

from typing import Any

import pytest

from prosepolish_core.live.llm.gemini_sdk import FINISH, reply_of
from prosepolish_core.model.llm import LlmReply


def reply(*candidates: dict[str, Any], block_reason: Any = None) -> LlmReply:
    """A reply with some tokens."""
    return reply_of(candidates=candidates, block_reason=block_reason, model_version="m", prompt=5, cached=1, output=2, thoughts=3)


def candidate(finish: Any, *parts: dict[str, Any]) -> dict[str, Any]:
    """One candidate."""
    return {"finish_reason": finish, "content": {"parts": list(parts)}}


@pytest.mark.parametrize("finish", ["STOP", 1, "1", "FinishReason.STOP"])
def test_a_finish_reason_is_read_in_every_form(finish: Any) -> None:
    """As a name, as a number, and as an enumeration shows itself."""
    assert reply(candidate(finish, {"text": "a"})).finish == "stop"


def test_only_stop_is_stop() -> None:
    """No other reason is taken for a finished answer."""
    assert {name for name, word in FINISH.items() if word == "stop"} == {"STOP", "1"}
    for finish in (0, 99, None, "", "STOPPED", "MALFORMED_FUNCTION_CALL"):
        assert reply(candidate(finish, {"text": "a"})).finish == "other"


def test_the_parts_are_joined_and_thoughts_left_out() -> None:
    """A text in several parts is one text; a part marked as thought is not for readers."""
    parts = ({"text": "hm", "thought": True}, {"text": "a"}, {"text": None}, {"text": "b"})
    assert reply(candidate("STOP", *parts)).text == "ab"


def test_no_candidate_is_blocked_or_empty() -> None:
    """With a block reason it was refused; without one there is just nothing."""
    assert reply(block_reason="SAFETY").finish == "safety"
    assert reply().finish == "empty"
    assert reply({"finish_reason": "STOP", "content": None}).finish == "empty"


def test_the_first_candidate_counts() -> None:
    """We ask for one; were there more, the others would be left out."""
    assert reply(candidate("STOP", {"text": "one"}), candidate("SAFETY", {"text": "two"})).text == "one"


@pytest.mark.parametrize("wrong", [-1, 10**9, 10**30])
@pytest.mark.parametrize("name", ["prompt", "cached", "output", "thoughts"])
def test_counts_that_no_call_can_have_are_no_reply(name: str, wrong: int) -> None:
    """They would otherwise stop the ledger, or fill its sums with nonsense."""
    counts = {"prompt": 5, "cached": 1, "output": 2, "thoughts": 3} | {name: wrong}
    with pytest.raises(ValueError, match="impossible"):
        reply_of(candidates=[candidate("STOP", {"text": "a"})], block_reason=None, model_version="m", **counts)
