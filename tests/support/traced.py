"""A store that holds days of traced key reads, as if somebody had worked with the stack."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from benchmarks._whatif_trace import simulated, traced
from prosepolish_core import Core
from prosepolish_core.model.counts import TelemetryBatch
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter

EPOCH = datetime.fromtimestamp(0, UTC)


def trace_days(core: Core, hours: float, reads: int = 4000) -> None:
    """Reads until now, written as a recorder would have."""
    began = datetime.now(UTC) - timedelta(hours=hours)
    chunks = [chunk._replace(ts=began + (chunk.ts - EPOCH)) for chunk in traced(simulated(reads, hours))]
    PostgresTelemetryWriter(core.telemetry_pool).write(TelemetryBatch(uuid4(), 1, accesses=tuple(chunks)))
