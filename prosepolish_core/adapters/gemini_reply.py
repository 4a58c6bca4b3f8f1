"""What both Gemini SDKs say, in one form: text, why it ended, tokens as billed."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..model.tokens import MOST_TOKENS
from ..ports import LlmReply

#: Gemini's finish reasons, as the name or the number it is sent as -> our word. Anything else is `other`.
FINISH: dict[str, str] = {
    "STOP": "stop", "1": "stop",
    "MAX_TOKENS": "length", "2": "length",
    "SAFETY": "safety", "3": "safety",
    "RECITATION": "recitation", "4": "recitation",
    "BLOCKLIST": "safety", "7": "safety",
    "PROHIBITED_CONTENT": "safety", "8": "safety",
    "SPII": "safety", "9": "safety",
}  # fmt: skip


def reply_of(
    *,
    candidates: Sequence[Mapping[str, Any]],
    block_reason: Any,
    model_version: str,
    prompt: int,
    cached: int,
    output: int,
    thoughts: int,
) -> LlmReply:
    """The reply by its first candidate. `finish` is `safety` for a blocked prompt and `empty` when no text came with `stop`.

    Raises ValueError for counts of tokens that no call can have.
    """
    if not all(0 <= count <= MOST_TOKENS for count in (prompt, cached, output, thoughts)):
        raise ValueError("impossible counts of tokens")
    first = candidates[0] if candidates else {}
    parts = (first.get("content") or {}).get("parts") or ()
    text = "".join(str(part.get("text") or "") for part in parts if not part.get("thought"))
    if candidates:
        finish = FINISH.get(str(first.get("finish_reason")).rpartition(".")[2], "other")
    else:
        finish = "safety" if block_reason else "empty"
    if finish == "stop" and not text.strip():
        finish = "empty"
    return LlmReply(text, finish, model_version, prompt, cached, output, thoughts)
