"""Collector samples, written and read: runs, series, coverage, marks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..model.sample import Kind, Labels, Run
from ..model.window import Window

Instants = npt.NDArray[np.datetime64]
Numbers = npt.NDArray[np.float64]


class RunWriter(Protocol):
    """Keeps collector runs. Writing the same (source, collector, tick) twice changes nothing."""

    def write(self, runs: Sequence[Run]) -> None:
        """Write the runs in one COPY. Raises StoreUnavailable; then nothing was written."""


class SeriesKey(NamedTuple):
    """What a series is: where it was read, which metric, which labels."""

    source: str
    metric: str
    labels: Labels = ()


class GaugeSeries(NamedTuple):
    """A gauge over a window, thinned to buckets. Arrays of equal length; NaN where nothing was sampled."""

    key: SeriesKey
    ts: Instants
    mean: Numbers
    low: Numbers
    high: Numbers
    last: Numbers


class IncreaseSeries(NamedTuple):
    """A counter over a window: reset-safe increase per bucket and the seconds the samples really cover there."""

    key: SeriesKey
    ts: Instants
    increase: Numbers
    covered_s: Numbers


class Reading(NamedTuple):
    """The newest value of a series."""

    key: SeriesKey
    kind: Kind
    unit: str
    value: float
    ts: datetime


class Coverage(NamedTuple):
    """How much of a window the samples cover (0-1), and the age of the newest one in seconds (None: no sample at all)."""

    ratio: float
    newest_age_s: float | None
    samples: int


class Mark(NamedTuple):
    """A vertical line on the charts.

    `kind` is `deploy`, `restart`, `resetstat`, `failover`, `swap` (another server at the same address), `gap` or `note`.
    """

    ts: datetime
    kind: str
    text: str
    source: str = ""


class RunRow(NamedTuple):
    """One collector run as the Collectors page shows it."""

    collector: str
    source: str
    ts: datetime
    duration_s: float
    outcome: str
    detail: str
    samples: int


class SlowRow(NamedTuple):
    """One entry of a server's command log as a page shows it. `log` is `slow`, or tells what was large (then `size_bytes`)."""

    source: str
    at: datetime
    duration_s: float
    command: str
    arguments: int
    family: str
    client: str
    log: str = "slow"
    size_bytes: int = 0


class SampleReader(Protocol):
    """Range queries over collector samples. Every method raises StoreUnavailable when PostgreSQL is away."""

    def sources(self) -> list[str]:
        """Names of the sources that have samples, sorted."""

    def latest(self, metrics: Sequence[str] = (), source: str | None = None) -> list[Reading]:
        """The newest value of each series (all metrics when none are named)."""

    def state(self, source: str) -> Mapping[str, str]:
        """The newest strings read from a source (run_id, version, role, maxmemory_policy …)."""

    def gauges(self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None) -> list[GaugeSeries]:
        """Gauges thinned to at most `points` buckets; the resolution (raw, minute, hour) is chosen by the window."""

    def increases(
        self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None
    ) -> list[IncreaseSeries]:
        """Reset-safe increases of counters per bucket."""

    def coverage(self, collector: str, window: Window, source: str | None = None) -> Coverage:
        """Share of expected runs present, and the newest run's age."""

    def runs(self, window: Window, limit: int = 500) -> list[RunRow]:
        """Newest runs first."""

    def marks(self, window: Window) -> list[Mark]:
        """Marks in the window, oldest first."""

    def slow_commands(self, window: Window, limit: int = 50) -> list[SlowRow]:
        """Slow and large commands of the window, newest first."""
