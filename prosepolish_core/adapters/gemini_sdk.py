"""What both Gemini SDKs have in common behind the port: loaded lazily, one deadline, and a typed fault instead of an exception."""

from abc import ABC, abstractmethod
from typing import Any

from ..model.outcome import Outcome
from ..ports import LlmFault, LlmReply, LlmRequest
from .http_bounded import UpstreamFault, bounded_client, deadline
from .lazy_sdk import LazySdk

#: Far above any answer we ask for; a larger body is refused before it is parsed.
MAX_BYTES = 1024 * 1024


class SdkBackend(ABC):
    """An LlmBackend. One request a call: the SDK's own retries are off and it sends through our bounded client."""

    def __init__(self, api_key: str, endpoint: str, *, pool_size: int = 32) -> None:
        self._client = bounded_client(endpoint, max_bytes=MAX_BYTES, json_only=True, pool_size=pool_size)
        self._sdk = LazySdk(lambda: self._load(api_key, endpoint.rstrip("/")))

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
