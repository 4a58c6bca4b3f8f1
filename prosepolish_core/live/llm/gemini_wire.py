"""Gemini's reply as it came over the wire, read by ourselves:
the SDKs drop what is newer than they are, thoughts among it.
"""

from collections.abc import Mapping
from typing import Any

from ...model.correction import MOST_TOKENS
from ...model.llm import LlmReply

#: Finish reasons, as the name or the number they are sent as -> our word. Anything else is `other`.
FINISH: dict[str, str] = {
    "STOP": "stop", "1": "stop",
    "MAX_TOKENS": "length", "2": "length",
    "SAFETY": "safety", "3": "safety",
    "RECITATION": "recitation", "4": "recitation",
    "BLOCKLIST": "safety", "7": "safety",
    "PROHIBITED_CONTENT": "safety", "8": "safety",
    "SPII": "safety", "9": "safety",
    "IMAGE_SAFETY": "safety", "11": "safety",
}  # fmt: skip
#: Block reasons that name none.
UNBLOCKED = frozenset({"", "None", "0", "BLOCK_REASON_UNSPECIFIED"})


def read_reply(body: Mapping[str, Any], asked_model: str) -> LlmReply:
    """The reply by its first candidate; its thoughts are no answer.

    Raises ValueError or the like for what cannot be a reply.

    `finish` is `safety` for a blocked prompt, whatever the reason is called, and `empty` when no text came with `stop`.
    """
    candidates = body.get("candidates") or []
    first: Mapping[str, Any] = candidates[0] if candidates else {}
    parts = (first.get("content") or {}).get("parts") or ()
    text = "".join(str(part.get("text") or "") for part in parts if not part.get("thought"))
    if candidates:
        finish = FINISH.get(str(first.get("finishReason")), "other")
    else:
        reason = str((body.get("promptFeedback") or {}).get("blockReason"))
        finish = "empty" if reason in UNBLOCKED else "safety"
    if finish == "stop" and not text.strip():
        finish = "empty"
    return LlmReply(text, finish, str(body.get("modelVersion") or asked_model), *_tokens(body.get("usageMetadata") or {}))


def _tokens(usage: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Prompt, cached, output and thoughts.

    What the total has beyond the others was thought too: it is billed as such.
    """
    counts = ("promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    prompt, cached, output, thoughts = (int(usage.get(name) or 0) for name in counts)
    thoughts += int(usage.get("toolUsePromptTokenCount") or 0)
    thoughts = max(thoughts, int(usage.get("totalTokenCount") or 0) - prompt - output)
    if not all(0 <= count <= MOST_TOKENS for count in (prompt, cached, output, thoughts)):
        raise ValueError("impossible counts of tokens")
    return prompt, cached, output, thoughts
