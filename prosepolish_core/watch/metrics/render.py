"""Everything on `/metrics`, from readings and counts to text; a store that is away is said, not raised."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ...errors import StoreUnavailable
from ...model.series import Reading
from ...ports import SampleReader, TelemetryReader
from .family import Families
from .own_families import add_readings, add_totals
from .redis_families import add_redis
from .totals import CoreTotals, Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(
    readings: Sequence[Reading],
    states: Mapping[str, Mapping[str, str]],
    totals: Totals | None = None,
    now: datetime | None = None,
) -> str:
    """Prometheus text of the latest readings (`SampleReader.latest()`), each source's strings (`state(source)`) and the core's
    counts. Readings that are stale are left out; without `totals` the store could not be asked, and `prosepolish_store_up` is 0.
    """  # noqa: D205
    at = now or datetime.now(UTC)
    families = Families()
    families.add("prosepolish_store_up", "gauge", float(totals is not None), help_="Whether the store could be read just now")
    add_redis(families, readings, states, at)
    add_readings(families, readings, at)
    if totals:
        add_totals(families, totals)
    return families.text()


class Exposition:
    """What stands behind `/metrics`. Thread-safe; keep one per process: its counters grow from scrape to scrape."""

    def __init__(self, samples: SampleReader, telemetry: TelemetryReader) -> None:
        self._samples = samples
        self._totals = CoreTotals(telemetry)

    def text(self) -> str:
        """Prometheus text. Without a store: `prosepolish_store_up 0` and nothing that could be mistaken for a reading."""
        try:
            readings = self._samples.latest()
            states = {source: self._samples.state(source) for source in {reading.key.source for reading in readings}}
            return render(readings, states, self._totals.read())
        except StoreUnavailable:
            return render((), {})
