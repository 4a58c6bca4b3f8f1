"""A stand-in for Gemini with a meter: every request that arrives is a line of a file, with what would be billed for it.

It knows nothing of the ledger, and prices by genai-prices itself. A text says how it is answered: `… (safety)`.
`python -m benchmarks.savings_proofs.metering FILE` serves it in a process of its own and prints its address.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from zlib import crc32

from demo.lexicon import lexicon
from demo.standins import Fault, FaultKind
from demo.standins.answers import Answer
from demo.standins.gemini import PATH, GeminiStandIn
from demo.standins.server import Upstream

#: Answers that the caller can read, and is billed for; whether they are of use is the ledger's business.
READABLE = (
    *(FaultKind.HANG_UP, FaultKind.THOUGHTS, FaultKind.DRIP, FaultKind.SLOW),
    *(FaultKind.SAFETY, FaultKind.BLOCKED, FaultKind.NEW_BLOCK, FaultKind.EMPTY, FaultKind.LENGTH, FaultKind.RECITATION),
    *(FaultKind.WRONG_SCHEMA, FaultKind.MARKUP, FaultKind.FENCED),
)
#: Answers that are billed, or may be, and of which the caller can read nothing.
UNREADABLE = (FaultKind.TRUNCATE, FaultKind.GARBAGE, FaultKind.WRONG_SHAPE, FaultKind.RESET, FaultKind.HUGE)
#: Refusals and errors of the service: not billed.
FREE = (429, 503)
KINDS = (*(kind.value for kind in (*READABLE, *UNREADABLE)), *map(str, FREE))


class Metered(NamedTuple):
    """One request that arrived: the text, the model, and what it cost; None where nobody could tell the caller."""

    subject: str
    model: str
    usd: Decimal | None


class MeteringStandIn(GeminiStandIn):
    """Notes each request before it answers."""

    def __init__(self, file: Path) -> None:
        super().__init__(lexicon())
        self._file = file.open("ab", buffering=0)
        self._lock = threading.Lock()

    def subject(self, path: str, body: bytes) -> str:  # type: ignore[override]
        """The text, noted at once: whatever becomes of the answer, the request has arrived."""
        found = GeminiStandIn.subject(path, body)
        if body and (model := _model(path)):
            self._note({"subject": found, "model": model})
        return found

    def answer(self, path: str, body: bytes, address: str, fault: Fault | None) -> Answer:
        """The usual answer; every third text was cached by Gemini in part."""
        answer = super().answer(path, body, address, fault)
        model = _model(path)
        if not model or answer.status != 200:
            return answer
        reply = json.loads(answer.body)
        usage, said = reply["usageMetadata"], GeminiStandIn.subject(path, body)
        if crc32(said.encode()) % 3 == 0:
            usage["cachedContentTokenCount"] = usage["promptTokenCount"] // 3
        if fault is None or fault.kind in READABLE:
            self._note({"subject": said, "model": model, "usage": usage})
        return Answer(answer.status, json.dumps(reply, ensure_ascii=False).encode(), headers=answer.headers)

    def _note(self, line: dict[str, object]) -> None:
        with self._lock:
            self._file.write(json.dumps(line).encode() + b"\n")


def _model(path: str) -> str:
    """The model that is asked to generate; empty for a request of another kind."""
    asked = PATH.match(unquote(urlsplit(path).path))
    return asked.group(1) if asked else ""


def arrived(file: Path) -> list[Metered]:
    """Every request, in the order in which they came; what was billed and could be read has its price."""
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    priced: dict[str, list[Decimal]] = {}
    for line in lines:
        if usage := line.get("usage"):
            priced.setdefault(line["subject"], []).append(price(line["model"], usage))
    asked = [line for line in lines if "usage" not in line]
    return [
        Metered(line["subject"], line["model"], priced[line["subject"]].pop() if priced.get(line["subject"]) else None)
        for line in asked
    ]


def price(model: str, usage: dict[str, int]) -> Decimal:
    """By genai-prices' own arithmetic."""
    from genai_prices import Usage, calc_price

    tokens = Usage(
        input_tokens=usage["promptTokenCount"],
        cache_read_tokens=usage.get("cachedContentTokenCount", 0),
        output_tokens=usage["candidatesTokenCount"] + usage["thoughtsTokenCount"],
    )
    try:
        return calc_price(tokens, model, provider_id="google").total_price
    except LookupError:  # a model of the campaign's own
        return Decimal(0)


@contextmanager
def serving(file: Path, *, speed: float = 100.0, port: int = 0) -> Iterator[Upstream]:
    """The stand-in on a port of its own, with every kind of reply scripted."""
    upstream = Upstream("gemini", MeteringStandIn(file), (1.0, 2.0), speed=speed, seed=1, port=port)
    for kind in KINDS:
        status = (
            {"kind": FaultKind.STATUS, "status": int(kind), "retry_after_s": 0} if kind.isdigit() else {"kind": FaultKind(kind)}
        )
        upstream.script.add(Fault(**status, match=f"({kind})", delay_s=0.3))  # type: ignore[arg-type]
    upstream.start()
    try:
        yield upstream
    finally:
        upstream.close()


def main() -> None:
    """Serve until told to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with serving(Path(sys.argv[1]), speed=20.0) as upstream:
        print(upstream.url, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
