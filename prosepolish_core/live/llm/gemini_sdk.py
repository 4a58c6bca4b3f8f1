"""What both Gemini SDKs share: loaded lazily, one deadline, the reply read from the wire,
a typed fault for every exception.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from contextvars import ContextVar
from time import monotonic
from typing import Any

import httpx

from ...calc.strict_json import MalformedJson, parse
from ...drivers.http_bounded import KEPT_FOR_PAID_S, UpstreamFault, bounded_client, deadline
from ...model.llm import LlmFault, LlmReply, LlmRequest
from ...model.outcome import Outcome
from .gemini_wire import read_reply
from .lazy_sdk import LazySdk
from .ledger import Ledger, cost_of_fault

#: Far above any answer we ask for; a larger body is refused before it is parsed.
MAX_BYTES = 1024 * 1024
_log = logging.getLogger("prosepolish_core.llm")


class _Call:
    """The running call: its id once it has left, and the body that came."""

    def __init__(self, request: LlmRequest) -> None:
        self.request = request
        self.began = monotonic()
        self.id = ""
        self.heard: bytes | None = None


_RUNNING: ContextVar[_Call | None] = ContextVar("running", default=None)


class SdkBackend(ABC):
    """An LlmBackend. One request a call: the SDK's own retries are off and it sends through our bounded client."""

    name: str
    #: The extra that brings it.
    extra: str

    def __init__(self, api_key: str, endpoint: str, ledger: Ledger | None = None, *, pool_size: int = 32) -> None:
        self._ledger = ledger
        self._client = bounded_client(endpoint, max_bytes=MAX_BYTES, json_only=True, pool_size=pool_size, kept_s=KEPT_FOR_PAID_S)
        self._client.event_hooks = {"request": [self._leaves], "response": [_hear]}
        self._told_missing = False
        self._sdk = LazySdk(lambda: self._load(api_key, endpoint.rstrip("/")))
        # Asked without the SDK: that takes a second to load, and whoever asks for health must not wait for it.
        self._listing: Callable[[], Any] = lambda: self._client.get(
            f"{endpoint.rstrip('/')}/v1beta/models", params={"pageSize": 1000}, headers={"x-goog-api-key": api_key}
        )

    def generate(self, request: LlmRequest, timeout_s: float) -> LlmReply | LlmFault:
        """Ask the model once."""
        call = _Call(request)
        token = _RUNNING.set(call)
        try:
            answer = self._answer(call, timeout_s)
        finally:
            _RUNNING.reset(token)
        if isinstance(answer, LlmReply):
            return answer._replace(call_id=call.id)
        if call.id and self._ledger is not None:
            answer = answer._replace(cost_usd=cost_of_fault(answer.outcome, answer.detail))
            self._ledger.lost(call.id, request, answer, monotonic() - call.began)
        return answer

    def _answer(self, call: _Call, timeout_s: float) -> LlmReply | LlmFault:
        try:
            with deadline(timeout_s):
                sdk = self._sdk.get(timeout_s)
                return LlmFault(Outcome.TIMEOUT, "sdk_loading") if sdk is None else self._reply(sdk, call)
        except UpstreamFault as fault:
            return LlmFault(fault.outcome, fault.detail, fault.retry_after_s)
        except ImportError:
            self._tell_missing()
            return LlmFault(Outcome.ERROR, "sdk_missing")
        except Exception:  # noqa: BLE001 - an SDK may raise anything over a hostile reply; the port promises a fault
            return LlmFault(Outcome.ERROR, "malformed")

    def _reply(self, sdk: Any, call: _Call) -> LlmReply:
        """What was answered, also where the SDK could not make sense of it: it was paid for."""
        try:
            self._ask(sdk, call.request)
        except UpstreamFault:
            raise
        except Exception:
            if call.heard is None:
                raise
        return read_reply(parse(call.heard or b""), call.request.model)

    def _leaves(self, _request: httpx.Request) -> None:
        """The last moment before a request goes out."""
        call = _RUNNING.get()
        if call is not None and self._ledger is not None and not call.id:
            call.id = self._ledger.sent(call.request)

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

    def _tell_missing(self) -> None:
        if not self._told_missing:
            self._told_missing = True
            _log.warning("%s is not installed, so the LLM is never asked: pip install 'prosepolish[%s]'", self.name, self.extra)

    @abstractmethod
    def _load(self, api_key: str, endpoint: str) -> Any:
        """Import the SDK and make its client; it must send through `self._client`."""

    @abstractmethod
    def _ask(self, sdk: Any, request: LlmRequest) -> None:
        """One call with what `_load` gave, in this thread. May raise anything; the reply is read from the wire."""


def _hear(reply: httpx.Response) -> None:
    if (call := _RUNNING.get()) is not None:
        call.heard = reply.content
