"""One scrape: ask the store for what is newest and render it; a store that is away is said, not raised."""

from collections.abc import Callable

from ..errors import StoreUnavailable
from ..ports import SampleReader, TelemetryReader
from .render import render
from .totals import CoreTotals


class Exposition:
    """What stands behind `/metrics`. Thread-safe; keep one per process, its counters grow from scrape to scrape."""

    def __init__(self, samples: Callable[[], SampleReader], telemetry: Callable[[], TelemetryReader]) -> None:
        self._samples = samples
        self._telemetry = telemetry
        self._totals: CoreTotals | None = None

    def text(self) -> str:
        """Prometheus text. Without a store: `prosepolish_store_up 0` and nothing that could be mistaken for a reading."""
        try:
            samples = self._samples()
            readings = samples.latest()
            states = {source: samples.state(source) for source in {reading.key.source for reading in readings}}
            if self._totals is None:
                self._totals = CoreTotals(self._telemetry())
            return render(readings, states, self._totals.read())
        except StoreUnavailable:
            return render((), {}, None)
