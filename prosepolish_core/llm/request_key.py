"""The cache identity of an LLM answer: a 128-bit digest of everything that shapes it, written so that no two records look alike."""

import json
from hashlib import blake2b

from ..ports import LlmRequest


def request_key(task: str, version: int, request: LlmRequest) -> str:
    """32 hex digits over task, prompt version, model, instructions, every sampling setting, schema and text.

    Each field is written as its length and its bytes, in one fixed order: ("ab", "c") and ("a", "bc") are different records.
    """
    digest = blake2b(digest_size=16, person=b"prosepolish.llm")
    for field in (
        task,
        str(version),
        request.model,
        request.instructions,
        repr(float(request.temperature)),
        str(request.max_output_tokens),
        json.dumps(request.json_schema, sort_keys=True, separators=(",", ":")),
        request.text,
    ):
        raw = field.encode()
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()
