"""Gemini through google-genai: the successor SDK, an optional extra, imported lazily and only here."""

import warnings
from typing import Any

from ...model.llm import LlmReply, LlmRequest
from .gemini_sdk import SdkBackend, reply_of


class GenAiBackend(SdkBackend):
    """This SDK takes an httpx client as it is."""

    name = "google-genai"

    def _ask(self, sdk: tuple[Any, Any], request: LlmRequest) -> LlmReply:
        types, client = sdk
        config: dict[str, Any] = {
            "system_instruction": request.instructions,
            "temperature": request.temperature,
            "max_output_tokens": request.max_output_tokens,
            "candidate_count": 1,
        }
        if request.json_schema is not None:
            config |= {"response_mime_type": "application/json", "response_schema": dict(request.json_schema)}
        answer = client.models.generate_content(
            model=request.model, contents=request.text, config=types.GenerateContentConfig(**config)
        )
        usage = answer.usage_metadata
        return reply_of(
            candidates=[candidate.model_dump(mode="python") for candidate in answer.candidates or ()],
            block_reason=answer.prompt_feedback and answer.prompt_feedback.block_reason,
            model_version=answer.model_version or request.model,
            prompt=_count(usage, "prompt_token_count"),
            cached=_count(usage, "cached_content_token_count"),
            output=_count(usage, "candidates_token_count"),
            thoughts=_count(usage, "thoughts_token_count") + _count(usage, "tool_use_prompt_token_count"),
        )

    def _load(self, api_key: str, endpoint: str) -> tuple[Any, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from google import genai
            from google.genai import types

        options = types.HttpOptions(base_url=endpoint, api_version="v1beta", httpx_client=self._client)
        return types, genai.Client(api_key=api_key, vertexai=False, http_options=options)


def _count(usage: Any, name: str) -> int:
    return int(getattr(usage, name, None) or 0)
