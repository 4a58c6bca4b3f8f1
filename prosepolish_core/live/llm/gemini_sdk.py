"""What both Gemini SDKs share: loaded lazily, one deadline, one form of reply, a typed fault for every exception."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ...calc.strict_json import MalformedJson, parse
from ...drivers.http_bounded import UpstreamFault, bounded_client, deadline
from ...model.correction import MOST_TOKENS
from ...model.llm import LlmFault, LlmReply, LlmRequest
from ...model.outcome import Outcome
from .lazy_sdk import LazySdk

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


#: Far above any answer we ask for; a larger body is refused before it is parsed.
MAX_BYTES = 1024 * 1024


class SdkBackend(ABC):
    """An LlmBackend. One request a call: the SDK's own retries are off and it sends through our bounded client."""

    def __init__(self, api_key: str, endpoint: str, *, pool_size: int = 32) -> None:
        self._client = bounded_client(endpoint, max_bytes=MAX_BYTES, json_only=True, pool_size=pool_size)
        self._sdk = LazySdk(lambda: self._load(api_key, endpoint.rstrip("/")))
        # Asked without the SDK: that takes a second to load, and whoever asks for health must not wait for it.
        self._listing: Callable[[], Any] = lambda: self._client.get(
            f"{endpoint.rstrip('/')}/v1beta/models", params={"pageSize": 1000}, headers={"x-goog-api-key": api_key}
        )

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

    def models(self, timeout_s: float) -> Collection[str] | LlmFault:
        """Names of the models on offer, without their prefix; none when there are more than one page tells."""
        try:
            with deadline(timeout_s):
                body = parse(self._listing().content)
            names = {str(model["name"]).removeprefix("models/") for model in body["models"]}
            return () if body.get("nextPageToken") else names
        except UpstreamFault as fault:
            return LlmFault(fault.outcome, fault.detail, fault.retry_after_s)
        except (MalformedJson, KeyError, TypeError):
            return LlmFault(Outcome.ERROR, "malformed")

    def warm_up(self) -> None:
        """Begin to load the SDK (about a second) without waiting for it."""
        self._sdk.start()

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    @abstractmethod
    def _load(self, api_key: str, endpoint: str) -> Any:
        """Import the SDK and make its client; it must send through `self._client`."""

    @abstractmethod
    def _ask(self, sdk: Any, request: LlmRequest) -> LlmReply:
        """One call with what `_load` gave. May raise anything."""
