"""Gemini through google-genai: the successor SDK, an optional extra, imported lazily and only here."""

import warnings
from typing import Any

from ...model.llm import LlmRequest
from .gemini_sdk import SdkBackend


class GenAiBackend(SdkBackend):
    """This SDK takes an httpx client as it is."""

    name = "google-genai"
    extra = "genai"

    def _ask(self, sdk: tuple[Any, Any], request: LlmRequest) -> None:
        types, client = sdk
        config: dict[str, Any] = {
            "system_instruction": request.instructions,
            "temperature": request.temperature,
            "max_output_tokens": request.max_output_tokens,
            "candidate_count": 1,
        }
        if request.json_schema is not None:
            config |= {"response_mime_type": "application/json", "response_schema": dict(request.json_schema)}
        client.models.generate_content(model=request.model, contents=request.text, config=types.GenerateContentConfig(**config))

    def _load(self, api_key: str, endpoint: str) -> tuple[Any, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from google import genai
            from google.genai import types

        options = types.HttpOptions(base_url=endpoint, api_version="v1beta", httpx_client=self._client)
        return types, genai.Client(api_key=api_key, vertexai=False, http_options=options)
