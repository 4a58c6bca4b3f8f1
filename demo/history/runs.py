"""The runs that the collectors would have made at each instant of a simulated world."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np

from prosepolish_core.model.sample import Run, RunOutcome, Sample

from .courses import StreamCourse


def runs_at(streams: Sequence[StreamCourse], at: float, place: int) -> Iterator[Run]:
    """Those of one instant: `place` is where it stands in the courses."""
    for stream in streams:
        if stream.ran[place] and at % stream.every_s < 1e-6:
            yield _run(stream, at, place)


def _run(stream: StreamCourse, at: float, place: int) -> Run:
    ts = datetime.fromtimestamp(at, UTC)
    if not stream.answered[place]:
        return Run(stream.collector, stream.source, int(at), ts, 0.05, RunOutcome.ERROR, detail="simulated")
    samples = tuple(
        Sample(column.metric, float(column.values[place]), column.kind, column.unit, column.labels)
        for column in stream.columns
        if _exists(column.metric, column.values[place])
    )
    state = stream.states.get(int(stream.starts[place]), {})
    return Run(stream.collector, stream.source, int(at), ts, 0.002, RunOutcome.OK, samples, state)


def _exists(metric: str, value: float) -> bool:
    """Servers make such counters at their first use."""
    return not (metric in {"errorstat_count", "cmdstat_calls"} and value < 1.0) and not np.isnan(value)
