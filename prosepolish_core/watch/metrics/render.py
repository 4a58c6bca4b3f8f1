"""Everything on `/metrics`, from readings and counts to text; a store that is away is said, not raised."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from ...calc.freshness import fresh, presences
from ...errors import StoreUnavailable
from ...model.incident import ChannelState
from ...model.sample import INFO
from ...model.series import Pulse, Reading
from ...model.standing import Standings
from ...ports import SampleReader, TelemetryReader
from .channel_families import add_channels
from .family import Families, labelled
from .own_families import add_readings, add_totals
from .redis_families import add_redis
from .standing_families import add_standings
from .totals import CoreTotals, Totals

#: The instant of the newest run of the INFO collector, answered or not, by instance.
LAST_READ = "prosepolish_last_reading_timestamp_seconds"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(
    readings: Sequence[Reading],
    states: Mapping[str, Mapping[str, str]],
    totals: Totals | None = None,
    now: datetime | None = None,
    *,
    targets: Sequence[str] = (),
    pulses: Sequence[Pulse] = (),
    standings: Standings | None = None,
    channels: Sequence[ChannelState] = (),
) -> str:
    """Prometheus text of the latest readings (`SampleReader.latest()`), each source's strings (`state(source)`) and the
    core's counts. Which readings speak of now, and which of the `targets` are up by the `pulses` of INFO, is decided in
    `freshness`. Without `totals` the store could not be asked, and `prosepolish_store_up` is 0.
    """
    at = now or datetime.now(UTC)
    families = Families()
    families.add("prosepolish_store_up", "gauge", float(totals is not None), help_="Whether the store could be read just now")
    if standings:
        add_standings(families, standings)
    add_channels(families, channels)
    known = fresh(readings, at)
    add_redis(families, known, states, presences(targets, pulses, at))
    for pulse in pulses:
        families.add(LAST_READ, "gauge", pulse.ts.timestamp(), labelled(instance=pulse.source), "When INFO was last asked for")
    add_readings(families, known)
    if totals:
        add_totals(families, totals)
    return families.text()


class Exposition:
    """What stands behind `/metrics`. Thread-safe; keep one per process: its counters grow from scrape to scrape."""

    def __init__(
        self,
        samples: SampleReader,
        telemetry: TelemetryReader,
        targets: Sequence[str] = (),
        channels: Callable[[], Sequence[ChannelState]] = list,
    ) -> None:
        self._samples, self._channels = samples, channels
        self._targets = targets
        self._totals = CoreTotals(telemetry)

    def text(self, standings: Standings | None = None) -> str:
        """Prometheus text.

        Without a store: `prosepolish_store_up 0`, the standings, and nothing that could be mistaken for a reading.
        """
        try:
            readings, pulses = self._samples.latest(), self._samples.pulses(INFO)
            states = {source: self._samples.state(source) for source in {reading.key.source for reading in readings}}
            return render(
                readings,
                states,
                self._totals.read(),
                targets=self._targets,
                pulses=pulses,
                standings=standings,
                channels=self._channels(),
            )
        except StoreUnavailable:
            return render((), {}, standings=standings)
