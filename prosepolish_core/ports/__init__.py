"""Ports: Protocols through which services reach what lies outside.

Each has two implementations, or one and a test double.
"""

from .cache_server import CacheServer, Settle, Signal
from .samples import PulseReader, RunWriter, SampleReader
from .telemetry import Recorder, TelemetryReader, TelemetryWriter
from .upstreams import LlmBackend, WordSource
from .words import WordStore

__all__ = [
    "CacheServer",
    "LlmBackend",
    "PulseReader",
    "Recorder",
    "RunWriter",
    "SampleReader",
    "Settle",
    "Signal",
    "TelemetryReader",
    "TelemetryWriter",
    "WordSource",
    "WordStore",
]
