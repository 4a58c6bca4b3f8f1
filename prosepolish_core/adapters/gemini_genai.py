"""Gemini through google-genai: the successor SDK, an optional extra, imported lazily and only here."""

import warnings
from typing import Any

from ..model.outcome import Outcome
from ..ports import LlmFault, LlmReply, LlmRequest
from .gemini_reply import MAX_BYTES, reply_of
from .http_bounded import UpstreamFault, bounded_client, deadline
from .lazy_sdk import LazySdk


class GenAiBackend:
    """An LlmBackend. One request a call: the SDK's own retries are off and it sends through our bounded client."""

    name = "google-genai"

    def __init__(self, api_key: str, endpoint: str, *, pool_size: int = 32) -> None:
        self._client = bounded_client(endpoint, max_bytes=MAX_BYTES, json_only=True, pool_size=pool_size)
        self._sdk = LazySdk(lambda: self._load(api_key, endpoint))

    def generate(self, request: LlmRequest, timeout_s: float) -> LlmReply | LlmFault:
        """Ask the model once."""
        with deadline(timeout_s):
            try:
                sdk = self._sdk.get(timeout_s)
                return LlmFault(Outcome.TIMEOUT, "sdk_loading") if sdk is None else self._ask(sdk, request)
            except UpstreamFault as fault:
                return LlmFault(fault.outcome, fault.detail, fault.retry_after_s)
            except ImportError:
                return LlmFault(Outcome.ERROR, "sdk_missing")
            except Exception:  # noqa: BLE001 - an SDK may raise anything over a hostile reply; the port promises a fault
                return LlmFault(Outcome.ERROR, "malformed")

    def warm_up(self) -> None:
        """Begin to load the SDK without waiting for it."""
        self._sdk.start()

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

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

        options = types.HttpOptions(base_url=endpoint.rstrip("/"), api_version="v1beta", httpx_client=self._client)
        return types, genai.Client(api_key=api_key, vertexai=False, http_options=options)


def _count(usage: Any, name: str) -> int:
    return int(getattr(usage, name, None) or 0)
