"""Collector samples, written and read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from ..model.sample import Run
from ..model.series import Coverage, GaugeSeries, IncreaseSeries, Mark, Pulse, Reading, RunCount, RunRow, SlowRow
from ..model.window import Window


class RunWriter(Protocol):
    """Keeps collector runs. Writing the same (source, collector, tick) twice changes nothing."""

    def write(self, runs: Sequence[Run]) -> None:
        """Write the runs in one COPY. Raises StoreUnavailable; then nothing was written."""


class PulseReader(Protocol):
    """Tells when the collectors last ran. Raises StoreUnavailable when PostgreSQL is away."""

    def pulses(self, collector: str, at: datetime | None = None) -> list[Pulse]:
        """The newest run of this collector against each source, whatever came of it; or the newest before `at`."""


class SampleReader(PulseReader, Protocol):
    """Range queries over collector samples. Every method raises StoreUnavailable when PostgreSQL is away."""

    def sources(self) -> list[str]:
        """Names of the sources that have samples, sorted."""

    def latest(self, metrics: Sequence[str] = (), source: str | None = None, at: datetime | None = None) -> list[Reading]:
        """The newest value of each series (all metrics when none are named), or the newest before an instant `at`.

        Of the past as long as raw samples are kept.
        """

    def state(self, source: str, at: datetime | None = None) -> Mapping[str, str]:
        """The newest strings read from a source (run_id, version, role …), or the last before `at`."""

    def gauges(self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None) -> list[GaugeSeries]:
        """Gauges thinned to at most `points` buckets; the resolution (raw, minute, hour) is chosen by the window."""

    def increases(
        self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None
    ) -> list[IncreaseSeries]:
        """Reset-safe increases of counters per bucket."""

    def coverage(self, collector: str, window: Window, source: str | None = None) -> Coverage:
        """Share of expected runs present, and the newest run's age."""

    def runs(self, window: Window, limit: int = 500, *, failed: bool = False) -> list[RunRow]:
        """Newest runs first, or only those that were not ok."""

    def run_counts(self, window: Window) -> list[RunCount]:
        """All runs of the window that are kept one by one, counted by what came of them."""

    def marks(self, window: Window) -> list[Mark]:
        """Marks in the window, oldest first."""

    def simulated(self) -> list[Window]:
        """The spans of time that a simulation wrote, oldest first."""

    def slow_commands(self, window: Window, limit: int = 50) -> list[SlowRow]:
        """Slow and large commands of the window, newest first."""
