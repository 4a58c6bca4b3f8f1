"""OpenTelemetry, for services that have it: `from prosepolish_core.tracing import instrument` (extra `otel`).

A core that is not instrumented knows nothing of it: no call, no test, no import.
"""

from .instrument import Exporting, exporting, instrument

__all__ = ["Exporting", "exporting", "instrument"]
