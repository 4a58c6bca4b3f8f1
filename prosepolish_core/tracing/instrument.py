"""A span for every lookup, correction, limit and session call, its tiers as children, and their histograms."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import MeterProvider, get_meter_provider
from opentelemetry.sdk.metrics import MeterProvider as SdkMeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider, get_tracer_provider, set_span_in_context

from .. import __version__
from ..core import Core
from .answers import CALLS, SpanFacts
from .conventions import (
    DB_BOUNDS,
    DB_DURATION,
    LLM,
    LLM_BOUNDS,
    LLM_DURATION,
    LLM_TOKENS,
    SCOPE,
    TOKEN_BOUNDS,
    duration_metric,
    of_step,
)


class Exporting(NamedTuple):
    """Providers that send to an OTLP collector over HTTP."""

    traces: SdkTracerProvider
    metrics: SdkMeterProvider

    def shutdown(self) -> None:
        """Send what is left."""
        self.traces.shutdown()
        self.metrics.shutdown()


def exporting(service: str) -> Exporting:
    """For a service without OpenTelemetry of its own.

    Where to is the SDK's setting, OTEL_EXPORTER_OTLP_ENDPOINT. Both send from threads of their own, a few times a
    minute; nothing of a call waits for them.
    """
    resource = Resource.create({"service.name": service})
    traces = SdkTracerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Exporting(traces, SdkMeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource))


def instrument(core: Core, traces: TracerProvider | None = None, metrics: MeterProvider | None = None) -> None:
    """Give every call of this core a span: once, before the first call. The process's own providers unless given."""
    tracer = (traces or get_tracer_provider()).get_tracer(SCOPE, __version__)
    histograms = _Histograms(metrics or get_meter_provider())
    for part, calls in CALLS.items():
        vars(core)[part] = _Traced(getattr(core, part), part, calls, tracer, histograms)


class _Histograms:
    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter(SCOPE, __version__)
        bounds = {DB_DURATION: DB_BOUNDS, LLM_DURATION: LLM_BOUNDS}
        self.durations = {
            name: meter.create_histogram(name, "s", "Time in one tier", explicit_bucket_boundaries_advisory=bounds[name])
            for name in bounds
        }
        self.tokens = meter.create_histogram(
            LLM_TOKENS, "{token}", "Tokens of one paid call", explicit_bucket_boundaries_advisory=TOKEN_BOUNDS
        )


class _Traced:
    """A part of the core whose calls are wrapped; everything else of it is the part's own."""

    def __init__(self, part: Any, name: str, calls: Any, tracer: Tracer, histograms: _Histograms) -> None:
        self._part = part
        for call, told_of in calls.items():
            setattr(self, call, _wrapped(getattr(part, call), f"{name} {call}", told_of, tracer, histograms))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


def _wrapped(
    call: Callable[..., Any], name: str, told_of: Callable[[Any], SpanFacts], tracer: Tracer, histograms: _Histograms
) -> Callable[..., Any]:
    def traced(*args: Any, **kwargs: Any) -> Any:
        began = time.time_ns()
        # An exception's message may quote an argument, so its kind alone is told.
        with tracer.start_as_current_span(
            name, kind=SpanKind.INTERNAL, start_time=began, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                found = call(*args, **kwargs)
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise
            told = told_of(found)
            span.set_attributes(told.attributes)
            _tiers(told, span, began, tracer, histograms)
            return found

    return traced


def _tiers(told: SpanFacts, parent: Span, began: int, tracer: Tracer, histograms: _Histograms) -> None:
    context = set_span_in_context(parent)
    for step in told.trace:
        name, attributes = of_step(step)
        if metric := duration_metric(step.tier):
            histograms.durations[metric].record(step.duration_s, attributes)
        if parent.is_recording():
            start = began + int(step.start_s * 1e9)
            span = tracer.start_span(name, context, SpanKind.CLIENT, attributes, start_time=start)
            if "error.type" in attributes:
                span.set_status(Status(StatusCode.ERROR))
            span.end(start + int(step.duration_s * 1e9))
    for kind, amount in zip(("input", "output"), told.tokens, strict=True):
        if amount:
            histograms.tokens.record(amount, {**LLM, "gen_ai.token.type": kind})
