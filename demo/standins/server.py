"""HTTP servers, one thread a connection: the delays of the real upstreams, scripted faults, keep-alive."""

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self

from .answers import Answer, spoil
from .faults import Fault, FaultKind, FaultScript

LOOPBACK = "127.0.0.1"
#: A hanging request is dropped after this long, so that no thread is held for ever.
HANG_S = 60.0
#: Pieces in which a dripping body leaves.
DRIPS = 20


class Behaviour(Protocol):
    """What one upstream answers; pure apart from its own counters."""

    def subject(self, path: str, body: bytes, /) -> str:
        """What the request is about: faults are matched against it."""

    def is_quick(self, path: str, /) -> bool:
        """Whether the answer takes a tenth of the usual time."""

    def answer(self, path: str, body: bytes, address: str, fault: Fault | None, /) -> Answer:
        """The answer to one request."""


class Upstream:
    """One stand-in: a behaviour, its delays and its script, served on a port of its own until closed."""

    def __init__(
        self,
        name: str,
        behaviour: Behaviour,
        delays_s: tuple[float, float],
        *,
        speed: float,
        seed: int,
        port: int,
        host: str = LOOPBACK,
    ) -> None:
        self.name, self.behaviour, self.delays_s, self.speed = name, behaviour, delays_s, speed
        self.script = FaultScript(seed)
        self.counts: Counter[int] = Counter()
        self._random = random.Random(seed)
        self._server = _Server((host, port), _Handler, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=f"stand-in-{name}", daemon=True)

    @property
    def url(self) -> str:
        """The base address on this machine, scheme included."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Serve from now on."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving and free the port; requests under way are cut off."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2.0)

    def delay_s(self, path: str) -> float:
        """How long this answer takes: even over the real band, divided by the speed."""
        return self._random.uniform(*self.delays_s) / self.speed * (0.1 if self.behaviour.is_quick(path) else 1.0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], upstream: Upstream) -> None:
        self.upstream = upstream
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for request in list(self._open):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class named it
        """Nothing is logged: words and texts are the users'."""

    def _serve(self) -> None:
        assert isinstance(self.server, _Server)  # noqa: S101 - the only server that uses this handler
        upstream = self.server.upstream
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length)) if length.isdigit() else b""
        fault = upstream.script.take(upstream.behaviour.subject(self.path, body))
        time.sleep(upstream.delay_s(self.path))
        if fault and fault.kind in {FaultKind.SLOW, FaultKind.HANG}:
            time.sleep(fault.delay_s if fault.kind is FaultKind.SLOW else HANG_S)
        if fault and fault.kind in {FaultKind.RESET, FaultKind.HANG}:
            upstream.counts[0] += 1
            self.close_connection = True
            return
        answer = upstream.behaviour.answer(self.path, body, self.client_address[0], fault)
        upstream.counts[answer.status] += 1
        self._send(spoil(answer, fault) if fault else answer)
        if fault and fault.kind is FaultKind.HANG_UP:
            self.close_connection = True

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body) if answer.declared is None else answer.declared))
        self.end_headers()
        if answer.drip_s:
            step = len(answer.body) // DRIPS + 1
            for start in range(0, len(answer.body), step):
                self.wfile.write(answer.body[start : start + step])
                self.wfile.flush()
                time.sleep(answer.drip_s / DRIPS)
        else:
            self.wfile.write(answer.body)
        if answer.declared is not None:
            self.close_connection = True
