"""What a request must bring before anything of the dashboard sees it, and the headers that each answer takes along.

Host and Origin are compared with the names under which the dashboard is known, on every route and on the WebSocket: a
page of somebody else, whatever name leads it to this machine (DNS rebinding), gets nothing and changes nothing.
"""

from collections.abc import Iterable
from hmac import compare_digest
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prosepolish_core import Config

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: Told to whoever asks, by whatever name: a probe names the address of a container. It says only that we are alive.
OPEN_PATHS = frozenset({"/healthz"})
#: Asked by machines, which may have to show a token.
TOKEN_PATHS = frozenset({"/metrics", "/readyz", "/_stcore/metrics"})
#: Scripts, styles and pictures of our own only. Streamlit writes styles and one line of script into its page.
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'wasm-unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def known_names(config: Config) -> frozenset[str]:
    """The names that a request may be addressed to: this machine's, and those of the settings."""
    told = {name.strip().lower().strip("[]") for name in config.allowed_hosts.split(",") if name.strip()}
    return LOOPBACK | told | ({urlsplit(config.dashboard_url).hostname or ""} - {""})


def host_of(address: str) -> str | None:
    """The name in a Host header, without its port; None when it is none."""
    try:
        found = urlsplit(f"//{address}")
        found.port  # noqa: B018 - raises for what is no port
    except ValueError:
        return None
    return found.hostname if found.netloc == address and found.username is None else None


def _never_in_clear(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A cookie that browsers send through TLS only; the web framework leaves that to us."""
    name, value = header
    bare = name.lower() == b"set-cookie" and b"; secure" not in value.lower()
    return (name, value + b"; Secure") if bare else header


class Gatekeeper:
    """The outermost layer of the web process."""

    def __init__(self, app: ASGIApp, names: Iterable[str], token: str = "", *, encrypted: bool = False) -> None:
        self._app, self._names, self._token = app, frozenset(names), token.encode()
        self._encrypted = encrypted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or refuse it with one sentence."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = None if scope["path"] in OPEN_PATHS else self._foreign(headers)
        if refusal is None and scope["path"] in TOKEN_PATHS:
            refusal = self._without_token(headers)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
                if self._encrypted:
                    message["headers"] = [_never_in_clear(header) for header in message["headers"]]
            await send(message)

        if refusal is None:
            await self._app(scope, receive, sent)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, sent)

    def _foreign(self, headers: Headers) -> PlainTextResponse | None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or host_of(hosts[0]) not in self._names:
            said = "This dashboard is not known by that name; PROSEPOLISH_ALLOWED_HOSTS lists its names.\n"
            return PlainTextResponse(said, status_code=421)
        if any(host_of(origin.partition("://")[2]) not in self._names for origin in origins):
            return PlainTextResponse("A page of another site may not ask here.\n", status_code=403)
        return None

    def _without_token(self, headers: Headers) -> PlainTextResponse | None:
        shown = headers.get("authorization", "").encode()
        if not self._token or compare_digest(shown, b"Bearer " + self._token):
            return None
        challenge = {"WWW-Authenticate": 'Bearer realm="prosepolish"'}
        return PlainTextResponse("This needs the token of PROSEPOLISH_METRICS_TOKEN.\n", status_code=401, headers=challenge)
