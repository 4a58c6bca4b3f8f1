"""What a stand-in sends back: status, headers, body, and how the body is spoilt on the way."""

import json
from dataclasses import dataclass, field
from typing import Any

from .faults import Fault, FaultKind

JSON = "application/json; charset=utf-8"
TEXT = "text/html; charset=utf-8"
#: The error statuses Gemini names in its body.
GEMINI_STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `declared` is the Content-Length told when it is not the true one; `drip_s` spreads the body."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    drip_s: float = 0.0


def json_answer(status: int, data: Any, **headers: str) -> Answer:
    """An answer whose body is JSON."""
    return Answer(status, json.dumps(data, ensure_ascii=False).encode(), headers=headers)


def dictionary_error(status: int, retry_after_s: int = 0) -> Answer:
    """The dictionary's errors: 404 and 5xx are JSON objects of one shape, 429 is plain text with Retry-After."""
    if status == 429:
        return Answer(429, b"Too many requests, please try again later.", TEXT, {"Retry-After": str(retry_after_s)})
    title, resolution = (
        ("No Definitions Found", "Check the spelling, or ask another dictionary.")
        if status == 404
        else ("Something Went Wrong", "Try again later.")
    )
    return json_answer(
        status, {"title": title, "message": "The stand-in dictionary has no entry to give.", "resolution": resolution}
    )


def gemini_error(status: int, retry_after_s: int = 0) -> Answer:
    """Gemini's errors: one JSON object with code, message and status."""
    name = GEMINI_STATUS.get(status, "UNKNOWN")
    headers = {"Retry-After": str(retry_after_s)} if status == 429 else {}
    error = {"code": status, "message": f"The stand-in model was told to fail: {name}.", "status": name}
    return json_answer(status, {"error": error}, **headers)


def spoil(answer: Answer, fault: Fault) -> Answer:
    """The answer as it leaves after a fault of the transport or the body; other kinds leave it as it is."""
    body = answer.body
    match fault.kind:
        case FaultKind.DRIP:
            return Answer(answer.status, body, answer.content_type, answer.headers, drip_s=fault.delay_s)
        case FaultKind.TRUNCATE:
            return Answer(answer.status, body[: len(body) // 2], answer.content_type, answer.headers, declared=len(body))
        case FaultKind.GARBAGE:
            return Answer(200, b"<html>\x00 not what you asked for {", JSON)
        case FaultKind.WRONG_SHAPE:
            return json_answer(200, {"unexpected": [1, 2, 3]})
        case FaultKind.CHARSET:
            return Answer(200, body.decode().replace("e", "é").encode("latin-1", "replace"), JSON)
        case FaultKind.REDIRECT:
            return Answer(302, b"", TEXT, {"Location": "/moved"})
        case FaultKind.HUGE:
            return Answer(answer.status, body + b" " * fault.size, answer.content_type, answer.headers)
        case _:
            return answer
