"""The control endpoint on loopback: script faults, change the speed, read what was asked."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from prosepolish_core.errors import InvalidInput

from .answers import Answer, json_answer
from .faults import Fault
from .server import Upstream


class Control:
    """GET /faults · POST /faults {"upstream", "kind",
    …} · POST /clear[?upstream=] · GET /calls · POST /speed {"factor"}.
    """

    def __init__(self, upstreams: dict[str, Upstream]) -> None:
        self._upstreams = upstreams

    def subject(self, path: str, _body: bytes) -> str:
        """The path."""
        return path

    @staticmethod
    def is_quick(_path: str) -> bool:
        """Every answer takes the usual time."""
        return False

    def answer(self, path: str, body: bytes, _address: str, _fault: Fault | None) -> Answer:
        """Do what the path says; a wrong request is told what is wrong with it."""
        parts = urlsplit(path)
        try:
            data = json.loads(body) if body else {}
            if not isinstance(data, dict):
                raise InvalidInput("the body must be a JSON object")
            return json_answer(200, self._do(parts.path, data, parse_qs(parts.query)))
        except KeyError as missing:
            return json_answer(404, {"error": f"unknown: {missing}; upstreams are {', '.join(self._upstreams)}"})
        except ValueError as error:
            return json_answer(400, {"error": str(error)})

    def _do(self, path: str, data: dict[str, Any], query: dict[str, list[str]]) -> Any:
        match path:
            case "/faults" if data:
                self._upstreams[data.pop("upstream", "")].script.add(Fault.from_json(data))
            case "/clear":
                for name in query.get("upstream") or list(self._upstreams):
                    self._upstreams[name].script.clear()
            case "/speed":
                factor = float(data["factor"])
                if not factor > 0:
                    raise InvalidInput("the factor must be above 0")
                for upstream in self._upstreams.values():
                    upstream.speed = factor
            case "/calls":
                return {n: {str(s): c for s, c in u.counts.items()} for n, u in self._upstreams.items()}
            case "/faults":
                pass
            case _:
                raise KeyError(path)
        return {name: [fault.__dict__ for fault in upstream.script.waiting()] for name, upstream in self._upstreams.items()}
