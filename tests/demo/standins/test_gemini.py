"""The stand-in for Gemini, without sockets."""

import json
from typing import Any

import pytest

from demo.lexicon import lexicon
from demo.standins.faults import Fault, FaultKind
from demo.standins.gemini import GeminiStandIn

GEMINI = GeminiStandIn(lexicon())
PATH = "/v1beta/models/gemini-3.5-flash-lite:generateContent?%24alt=json%3Benum-encoding%3Dint"
TEXT_SCHEMA = {"type": 6, "properties": {"text": {"type": 1}}}


def ask(text: str, fault: Fault | None = None, **config: Any) -> tuple[int, dict[str, Any]]:
    """Status and body for one text."""
    body = {"contents": [{"role": "user", "parts": [{"text": text}]}], "generationConfig": config}
    answer = GEMINI.answer(PATH, json.dumps(body).encode(), "here", fault)
    return answer.status, json.loads(answer.body)


def said(reply: dict[str, Any]) -> str:
    """The text of the first candidate."""
    return str(reply["candidates"][0]["content"]["parts"][0]["text"])


def test_a_text_is_corrected_and_its_tokens_are_told() -> None:
    """The reply carries the correction, the model's version, and counts that add up with the thoughts apart."""
    status, reply = ask("Teh cat sat.")
    usage = reply["usageMetadata"]

    assert status == 200
    assert said(reply) == "The cat sat."
    assert reply["candidates"][0]["finishReason"] == "STOP"
    assert reply["modelVersion"] == "gemini-3.5-flash-lite"
    assert usage["thoughtsTokenCount"] > 0
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]


def test_no_thoughts_are_billed_when_there_is_no_budget_for_them() -> None:
    """A thinking budget of 0 means no thinking tokens."""
    _, reply = ask("Teh cat.", thinkingConfig={"thinkingBudget": 0})

    assert reply["usageMetadata"]["thoughtsTokenCount"] == 0


def test_json_is_given_in_the_schema_that_was_asked_for() -> None:
    """A text schema gets the corrected text."""
    _, reply = ask("Teh cat.", responseMimeType="application/json", responseSchema=TEXT_SCHEMA)

    assert json.loads(said(reply)) == {"text": "The cat."}


@pytest.mark.parametrize(
    ("kind", "finish"),
    [
        (FaultKind.SAFETY, "SAFETY"),
        (FaultKind.RECITATION, "RECITATION"),
        (FaultKind.LENGTH, "MAX_TOKENS"),
        (FaultKind.EMPTY, "STOP"),
    ],
)
def test_unusual_ends_are_told_as_the_service_tells_them(kind: FaultKind, finish: str) -> None:
    """Each end has its finishReason; safety gives no content at all."""
    _, reply = ask("Teh cat sat on the mat.", Fault(kind))

    assert reply["candidates"][0]["finishReason"] == finish
    assert ("content" in reply["candidates"][0]) == (kind is not FaultKind.SAFETY)


def test_a_blocked_prompt_has_no_candidate() -> None:
    """Only the feedback says why."""
    _, reply = ask("Teh cat.", Fault(FaultKind.BLOCKED))

    assert "candidates" not in reply
    assert reply["promptFeedback"]["blockReason"] == "SAFETY"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"contents": [{"parts": 3}]}', b'{"contents": []}'])
def test_a_request_that_cannot_be_read_is_a_400(body: bytes) -> None:
    """Nothing a client sends makes the stand-in fail."""
    assert GEMINI.answer(PATH, body, "here", None).status == 400


def test_errors_have_geminis_shape() -> None:
    """A scripted 429 names its status and says when to come back."""
    status, reply = ask("x", Fault(FaultKind.STATUS, status=429, retry_after_s=7))

    assert status == 429
    assert reply["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert GEMINI.answer("/v1beta/elsewhere", b"{}", "here", None).status == 404
