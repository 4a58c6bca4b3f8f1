"""The cache identity of an LLM answer: a 128-bit digest of everything that shapes it, written so that no two records look alike."""

import json
from hashlib import blake2b

from ..ports import LlmRequest


class RequestKeys:
    """32 hex digits over task, prompt version, model, instructions, every sampling setting, schema and text.

    Each field is written as its length and its bytes, in one fixed order: ("ab", "c") and ("a", "bc") are different records.
    What is common to all requests of a prompt and a model is digested once.
    """

    def __init__(self, task: str, version: int, like: LlmRequest) -> None:
        schema = json.dumps(like.json_schema, sort_keys=True, separators=(",", ":"))
        self._like = like._replace(text="", max_output_tokens=0)
        self._digest = blake2b(digest_size=16, person=b"prosepolish.llm")
        for field in (task, str(version), like.model, like.instructions, repr(float(like.temperature)), schema):
            self._digest.update(_delimited(field))

    def key(self, request: LlmRequest) -> str:
        """The key of a request that differs from the common one in its text and output limit alone; ValueError otherwise."""
        if request._replace(text="", max_output_tokens=0) != self._like:
            raise ValueError("the request is not one of this prompt and model")
        digest = self._digest.copy()
        digest.update(_delimited(str(request.max_output_tokens)))
        digest.update(_delimited(request.text))
        return digest.hexdigest()


def _delimited(field: str) -> bytes:
    raw = field.encode()
    return len(raw).to_bytes(8, "big") + raw
