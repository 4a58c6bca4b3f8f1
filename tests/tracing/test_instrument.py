"""Spans and histograms of a core, as a real OTLP receiver gets them over HTTP."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from prosepolish_core import Config, Core, InvalidWord, Limit
from prosepolish_core.model.tier_replies import WordRow
from prosepolish_core.tracing import exporting, instrument
from tests.support.waiting import PATIENT
from tests.support.words import entry

#: Planted in every place that a span could quote.
WORD, TEXT, USER = "canaryword", "Teh canary text.", "canary-user"
NOWHERE = {"DICTIONARY_API_URL": "http://127.0.0.1:9", "GEMINI_API_ENDPOINT": "http://127.0.0.1:9", "GEMINI_API_KEY": "canary-key"}


class Receiver:
    """An OTLP/HTTP collector on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: dict[str, list[bytes]] = {}
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.headers["Content-Type"] == "application/x-protobuf"
                bodies.setdefault(self.path, []).append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[Any]:
        """Every span, by the end of its call."""
        found = [ExportTraceServiceRequest.FromString(body) for body in self.bodies.get("/v1/traces", ())]
        spans = [span for one in found for of in one.resource_spans for scope in of.scope_spans for span in scope.spans]
        return sorted(spans, key=lambda span: (span.start_time_unix_nano, span.end_time_unix_nano))

    def metrics(self) -> dict[str, Any]:
        """Every metric by its name."""
        found = [ExportMetricsServiceRequest.FromString(body) for body in self.bodies.get("/v1/metrics", ())]
        return {m.name: m for one in found for of in one.resource_metrics for scope in of.scope_metrics for m in scope.metrics}


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    made = Receiver()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


def attributes(of: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, str(a.value.WhichOneof("value"))) for a in of.attributes}


def test_every_call_is_a_span_with_its_tiers_as_children(receiver: Receiver, valkey_url: str, database_url: str) -> None:
    """Names are the conventions'; a failed tier and a refused argument say their kind; nothing is quoted."""
    sending = exporting("a-service")
    settings = NOWHERE | PATIENT | {"REDIS_URL": valkey_url, "DATABASE_URL": database_url, "PROSEPOLISH_FLUSH_S": "300"}
    with Core.open(Config.from_env(settings)) as core:
        instrument(core, sending.traces, sending.metrics)
        assert core.words.put(WORD, WordRow(entry=entry(WORD)), 5)
        assert [core.dictionary.lookup(WORD).tier for _ in range(2)] == ["postgres", "redis"]
        assert list(core.dictionary.lookup_many([WORD])) == [WORD]
        core.corrector.correct(TEXT, user_id=USER)
        core.limiter.check(USER, [Limit(1, per_s=60)])
        session = core.sessions.create(USER, device="canary-device")
        token = str(session.token)
        assert core.sessions.verify(token)
        with pytest.raises(InvalidWord):
            core.dictionary.lookup("canary<b>word</b>")
    sending.shutdown()
    spans = receiver.spans()
    parents = {span.span_id: span for span in spans if not span.parent_span_id}
    tree = [
        (parent.name, [(child.name, attributes(child)["prosepolish.outcome"]) for child in spans if child.parent_span_id == key])
        for key, parent in parents.items()
    ]
    assert tree == [
        ("dictionary lookup", [("GET", "miss"), ("SELECT", "hit")]),
        ("dictionary lookup", [("GET", "hit")]),
        ("dictionary lookup_many", []),
        ("corrector correct", [("GET", "miss"), ("generate_content", "error")]),
        ("limiter check", []),
        ("sessions create", []),
        ("sessions verify", []),
        ("dictionary lookup", []),
    ]
    first, *_, last = parents.values()
    assert attributes(first) == {"prosepolish.tier": "postgres", "prosepolish.outcome": "hit", "prosepolish.degraded": False}
    assert attributes(last) == {"error.type": "InvalidWord"}
    asked = next(span for span in spans if span.name == "SELECT")
    assert attributes(asked)["db.system.name"] == "postgresql"
    assert first.start_time_unix_nano <= asked.start_time_unix_nano <= asked.end_time_unix_nano <= first.end_time_unix_nano
    failed = attributes(next(span for span in spans if span.name == "generate_content"))
    assert (failed["gen_ai.provider.name"], failed["error.type"]) == ("gcp.gemini", failed["prosepolish.detail"])
    told = receiver.metrics()
    assert set(told) == {"db.client.operation.duration", "gen_ai.client.operation.duration"}
    assert sum(point.count for point in told["db.client.operation.duration"].histogram.data_points) == 4
    everything = b"".join(body for bodies in receiver.bodies.values() for body in bodies)
    assert [planted for planted in (b"canary", TEXT.encode(), token.encode()) if planted in everything] == []


def test_a_core_that_is_not_instrumented_loads_nothing_of_it() -> None:
    """Off costs a hit nothing: its calls are the parts' own, and no module of OpenTelemetry is there."""
    with Core.open(Config.from_env({"DATABASE_URL": "postgresql://127.0.0.1:9/nowhere"})) as core:
        assert core.dictionary.lookup.__func__.__qualname__ == "Dictionary.lookup"
