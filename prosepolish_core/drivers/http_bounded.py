"""HTTP to the upstreams, bounded in every direction: one deadline, a byte cap, no redirects, no proxies, no retries."""

import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpcore
import httpx

from ..calc.strict_json import MalformedJson, parse
from ..errors import ProsePolishError
from ..forks import on_fork
from ..model.outcome import Outcome
from .http_connections import KeptConnections
from .http_deadline import DeadlineBackend, deadline
from .pacing import from_error, from_headers

__all__ = ["UpstreamFault", "bounded_client", "deadline", "fault_of"]

#: Status -> (outcome, detail). Anything else that is not 2xx is an ERROR with its number as detail.
STATUS: dict[int, tuple[Outcome, str]] = {
    401: (Outcome.REFUSED, "key_refused"),
    403: (Outcome.REFUSED, "key_refused"),
    408: (Outcome.TIMEOUT, "408"),
    429: (Outcome.REFUSED, "429"),
    504: (Outcome.TIMEOUT, "504"),
}
#: An idle connection is kept this long. One that is older may lead nowhere, and only a deadline would tell.
KEPT_S = 1.0
#: Where that deadline is long and nothing is sent twice.
KEPT_FOR_PAID_S = 0.2
#: What is lost on the way is noticed by the kernel within some four seconds, whatever the deadline: it asks the other
#: side for a sign of life.
SIGNS_OF_LIFE = tuple(
    (level, getattr(socket, name), value)
    for level, name, value in (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
        (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", 4000),
    )
    if hasattr(socket, name)
)


class UpstreamFault(ProsePolishError):
    """An upstream gave no usable reply.

    Passes through an SDK and ends in the adapter that asked; services never see it.
    """

    def __init__(self, outcome: Outcome, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.retry_after_s = retry_after_s


def bounded_client(
    base_url: str, *, max_bytes: int, json_only: bool = False, pool_size: int = 16, kept_s: float = KEPT_S
) -> httpx.Client:
    """A client whose replies are whole, small and in time, or an UpstreamFault. Use it inside `with deadline(...)`.

    With `json_only` a reply without a 2xx status, or that is not a strict JSON object, is an UpstreamFault too.
    """
    transport = _BoundedTransport(base_url, pool_size, max_bytes, json_only, kept_s)
    return httpx.Client(transport=transport, trust_env=False, follow_redirects=False)


def fault_of(status: int, headers: httpx.Headers, body: Any = None) -> UpstreamFault:
    """The fault that a status other than 2xx stands for."""
    outcome, detail = STATUS.get(status, (Outcome.ERROR, str(status)))
    if status == 400 and "API_KEY_INVALID" in str(body):
        outcome, detail = STATUS[401]
    wait = from_headers(headers, datetime.now(UTC))
    return UpstreamFault(outcome, detail, from_error(body) if wait is None else wait)


class _BoundedTransport(httpx.BaseTransport):
    def __init__(self, base_url: str, pool_size: int, max_bytes: int, json_only: bool, kept_s: float) -> None:
        self._tls = httpx.create_ssl_context() if base_url.startswith("https:") else None
        self._pool_size = pool_size
        self._max_bytes = max_bytes
        self._json_only = json_only
        self._kept_s = kept_s
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """In a forked child the connections are the parent's: a reply read from one would be another user's text."""
        self._backend = DeadlineBackend()
        self._connections = KeptConnections(
            size=self._pool_size, kept_s=self._kept_s, tls=self._tls, backend=self._backend, options=SIGNS_OF_LIFE
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # Compressed bodies are refused, not decoded: a few kilobytes can unfold past any cap in one step.
        request.headers["accept-encoding"] = "identity"
        url, connections = request.url, self._connections
        try:
            asked = httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.read(),
            )
            with connections.reply(asked) as reply:
                # Cookies are dropped: our client would keep them and send them back.
                headers = httpx.Headers([header for header in reply.headers if header[0].lower() != b"set-cookie"])
                _refuse_redirects_and_encodings(reply.status, headers)
                body = self._body(reply.iter_stream())
        except httpcore.TimeoutException as error:
            connections.forget_idle()
            raise UpstreamFault(Outcome.TIMEOUT, "deadline") from error
        except httpcore.ConnectError as error:
            raise UpstreamFault(Outcome.ERROR, "connect") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            connections.forget_idle()
            raise UpstreamFault(Outcome.ERROR, "disconnected") from error
        if self._json_only:
            _must_be_json(reply.status, headers, body)
        return httpx.Response(reply.status, headers=headers, content=body, request=request)

    def _body(self, parts: Iterable[bytes]) -> bytes:
        body = bytearray()
        for part in parts:
            body += part
            if len(body) > self._max_bytes:
                raise UpstreamFault(Outcome.ERROR, "too_large")
        return bytes(body)

    def close(self) -> None:
        """Also ends requests that other threads are waiting for."""
        self._backend.hang_up()
        self._connections.forget_idle()


def _refuse_redirects_and_encodings(status: int, headers: httpx.Headers) -> None:
    if 300 <= status < 400:
        raise UpstreamFault(Outcome.ERROR, "redirect")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UpstreamFault(Outcome.ERROR, "encoding")


def _must_be_json(status: int, headers: httpx.Headers, body: bytes) -> None:
    try:
        value = parse(body)
    except MalformedJson as error:
        if 200 <= status < 300:
            raise UpstreamFault(Outcome.ERROR, "malformed") from error
        value = None
    if not 200 <= status < 300:
        raise fault_of(status, headers, value)
    if not isinstance(value, dict):
        raise UpstreamFault(Outcome.ERROR, "malformed")
