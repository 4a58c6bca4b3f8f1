"""A small real HTTP server with a script:
real sockets on loopback, one scripted reply a request, every request recorded.
"""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One scripted reply.

    `body` that is not bytes is sent as JSON; `drip_s` sends it a byte at a time with this pause.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0
    cut_at: int | None = None

    def raw(self) -> bytes:
        """The bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class ScriptedServer:
    """Answers from `script` in turn; the last reply is repeated. `requests` holds what was asked."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.script: list[Reply] = []
        self.requests: list[Request] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one segment; two would wait 40 ms for an acknowledgement

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def do_GET(self) -> None:
                outer._answer(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *args: object) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that hangs up at its deadline is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def reply(self, *replies: Reply) -> None:
        """Set the script."""
        self.script = list(replies)

    def stop(self) -> None:
        """Stop listening; replies still dripping end."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        with self._lock:
            self.requests.append(Request(handler.command, handler.path, dict(handler.headers), body))
            reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self._stopping.wait(reply.delay_s)
        raw = reply.raw()
        handler.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if reply.cut_at is not None:
            handler.wfile.write(raw[: reply.cut_at])
            handler.close_connection = True
        elif reply.drip_s:
            for byte in raw:
                if self._stopping.is_set():
                    return
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                sleep(reply.drip_s)
        else:
            handler.wfile.write(raw)


@contextmanager
def scripted_server(*replies: Reply, certificate: Path | None = None) -> Iterator[ScriptedServer]:
    """A running scripted server; with a certificate (key and chain in one file) it speaks TLS."""
    server = ScriptedServer(certificate)
    server.reply(*replies)
    try:
        yield server
    finally:
        server.stop()
