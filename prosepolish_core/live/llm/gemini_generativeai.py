"""Gemini through google-generativeai over REST: the default backend.

Its support has ended; imported lazily, and only here.
"""

import warnings
from typing import Any

from ...model.llm import LlmRequest
from .gemini_sdk import SdkBackend


class GenerativeAiBackend(SdkBackend):
    """This SDK is built on requests: its session is led through our client."""

    name = "google-generativeai"
    extra = "gemini"

    def _ask(self, sdk: tuple[Any, Any], request: LlmRequest) -> None:
        genai, client = sdk
        config: dict[str, Any] = {
            "temperature": request.temperature,
            "max_output_tokens": request.max_output_tokens,
            "candidate_count": 1,
        }
        if request.json_schema is not None:
            config |= {"response_mime_type": "application/json", "response_schema": request.json_schema}
        model = genai.GenerativeModel(request.model, system_instruction=request.instructions, generation_config=config)
        # The SDK's public way is one global client for the process; two cores with two keys must not share one.
        model._client = client  # noqa: SLF001
        model.generate_content(request.text, request_options={"timeout": None, "retry": None})

    def _load(self, api_key: str, endpoint: str) -> tuple[Any, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package announces on import that its support has ended; we know
            import google.generativeai as genai
            from google.ai.generativelanguage import GenerativeServiceClient
            from google.api_core.client_options import ClientOptions

            from ...drivers.requests_over_httpx import RequestsOverHttpx

            options = ClientOptions(api_key=api_key, api_endpoint=endpoint)
            client = GenerativeServiceClient(transport="rest", client_options=options)
        session: Any = client.transport._session  # type: ignore[attr-defined] # noqa: SLF001 - no other way to the session
        session.trust_env = False
        for scheme in ("https://", "http://"):
            session.mount(scheme, RequestsOverHttpx(self._client))
        return genai, client
