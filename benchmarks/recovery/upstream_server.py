"""An upstream that can be lost: the stand-ins, of which only this one is asked."""

from __future__ import annotations

import http.client
import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from demo.children import DemoPart
from demo.embedded.ports import free_port

from .lost_server import BARE_S, Server
from .switch import Switch

#: What the bare client asks an upstream.
QUESTIONS: dict[str, tuple[Any, ...]] = {
    "dictionary_api": ("/api/v2/entries/en/water",),
    "gemini": ("/v1beta/models/any:generateContent", {"contents": [{"parts": [{"text": "Teh end."}]}]}),
}


class StandIn(Server):
    """One upstream: the stand-ins, of which only this one is asked."""

    def __init__(self, name: str, folder: Path, switch: Switch | None) -> None:
        self._others = free_port(), free_port()
        super().__init__(name, folder, switch)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address}"

    def part(self, port: int) -> DemoPart:
        ports = (port, self._others[0]) if self.name == "dictionary_api" else (self._others[0], port)
        flags = ["--dictionary-port", str(ports[0]), "--gemini-port", str(ports[1]), "--control-port", str(self._others[1])]
        argv = [sys.executable, "-m", "demo.standins", *flags, "--speed", "1000", "--limit", "100000000"]
        return DemoPart(self.name, argv, dict(os.environ), Path.cwd(), self.folder.with_suffix(".log"))

    def answers(self, port: int) -> bool:
        try:
            status, _ = self._request(port, "GET" if self.name == "dictionary_api" else "POST", *QUESTIONS[self.name])
        except (OSError, http.client.HTTPException):
            return False
        return status == 200

    def connections(self) -> int:
        return self.switch("count", self.name) if self.switch else 0

    def mistrust(self) -> None:
        self._request(self._others[1], "POST", "/faults", {"upstream": self.name, "kind": "status", "status": 403})

    def trust(self) -> None:
        self._request(self._others[1], "POST", f"/clear?upstream={self.name}", {})

    @staticmethod
    def _request(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=BARE_S)) as connection:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            return answer.status, answer.read()
