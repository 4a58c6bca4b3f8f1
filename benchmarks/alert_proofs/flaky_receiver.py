"""A webhook's receiver that refuses, breaks off before or after it has read, or answers; and notes what it read."""

import json
import random
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self

#: How often it does what, until it is told to be good.
ANSWERS, REFUSES, BREAKS_OFF = 0.5, 0.2, 0.15


class Receipt(NamedTuple):
    """A message that arrived. `known`: whether the sender got our answer to it."""

    key: str
    kind: str
    attempt: int
    text: str
    known: bool


class FlakyReceiver:
    """On a free port of loopback, until it is closed."""

    def __init__(self, seed: int) -> None:
        self.receipts: list[Receipt] = []
        self.requests = 0
        self.good = False
        self._dice = random.Random(seed)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.answer(self)

            def log_message(self, *_: object) -> None:
                """Nothing to say."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """One request, whatever comes of it."""
        self.requests += 1
        luck = 0.0 if self.good else self._dice.random()
        if luck > ANSWERS + REFUSES + BREAKS_OFF:
            request.connection.close()
            return
        with suppress(OSError):
            raw = request.rfile.read(int(request.headers["Content-Length"]))
            if len(raw) < int(request.headers["Content-Length"]):
                return  # the sender was killed while it sent
            if luck > ANSWERS + REFUSES:
                self._note(raw, known=False)
                request.connection.close()
            elif luck > ANSWERS:
                request.send_error(503)
            else:
                self._note(raw, known=True)
                request.send_response(204)
                request.end_headers()

    def _note(self, raw: bytes, *, known: bool) -> None:
        body = json.loads(raw)
        text = body["commonAnnotations"]["description"]
        self.receipts.append(Receipt(body["key"], body["kind"], body["attempt"], text, known))
