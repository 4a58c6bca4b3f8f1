"""What alerting asks of PostgreSQL, all of it optional:
who leads, silences, the core's counts, and a place to keep incidents.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from prosepolish_core.calc import effect_words
from prosepolish_core.calc.status_sentence import status_line
from prosepolish_core.drivers.postgres_lease import ALERTS, AdvisoryLocks
from prosepolish_core.errors import StoreRefused, StoreUnavailable
from prosepolish_core.model.incident import Incident
from prosepolish_core.model.latency import le
from prosepolish_core.model.sample import Kind, Labels, Run, RunOutcome, Sample
from prosepolish_core.model.window import Window
from prosepolish_core.ports import SampleReader, TelemetryReader
from prosepolish_core.watch.alerts import counting
from prosepolish_core.watch.alerts.alert_store import AlertStore, Silence
from prosepolish_core.watch.alerts.memory import ANSWERS, BUCKET_S, LONG_AGO_S, PULSES, STEPS, TIMES, AlertMemory
from prosepolish_core.watch.alerts.rule_standing import RuleStanding
from prosepolish_core.watch.alerts.standing_store import StandingStore

#: Seconds between two readings, and for how long a bucket is read again: buckets are flushed late.
EVERY_S, OVERLAP = 10.0, timedelta(seconds=40)
#: Seconds between two readings of the counts long ago, and how much more is read than is due by then.
LONG_AGO_EVERY_S, SPARE_S = 600.0, 900.0
#: Paid calls whose price nobody knows.
UNPRICED = "llm_unpriced"


class AlertFacts:
    """One thread refreshes; others read. No method raises for a PostgreSQL that is away."""

    def __init__(
        self,
        alerts: AlertStore,
        samples: SampleReader,
        telemetry: TelemetryReader,
        locks: AdvisoryLocks,
        held: Callable[[], frozenset[str]],
        standings: StandingStore,
        long_ago: tuple[float, float] | None = None,
        counted_from: float | None = None,
    ) -> None:
        """`counted_from`: counts are read from then on; an hour back, where it is left out."""
        self._standings = standings
        self._alerts, self._samples, self._telemetry, self._locks, self._held = alerts, samples, telemetry, locks, held
        #: Before PostgreSQL was ever asked a process leads: better told twice than not at all.
        self.leads = True
        self.silences: Sequence[Silence] = ()
        #: How far back a stretch ends that rules compare with, and its length.
        self._long_ago = long_ago
        self._next = self._next_long_ago = self._shown = 0.0
        self._session: int | None = None
        first = datetime.now(UTC).timestamp() - 3600.0 if counted_from is None else counted_from
        self._counted = datetime.fromtimestamp(first, UTC)
        self._owed: dict[str, Incident] = {}

    def refresh(self, memory: AlertMemory, now: float) -> None:
        """Ask again, every few seconds."""
        if now < self._next:
            return
        self._next = now + EVERY_S
        try:
            self._lead()
            self.silences = self._alerts.silences()
            self._count(memory, datetime.fromtimestamp(now, UTC))
            self._count_long_ago(memory, now)
            self._hear_others(memory, datetime.fromtimestamp(now, UTC))
            self._pay()
            if self.leads:
                counting.settle(self._alerts, self._telemetry, datetime.fromtimestamp(now, UTC))
        except StoreUnavailable:
            self._session = None

    def keep(self, incidents: Sequence[Incident]) -> None:
        """Write these incidents, now or when PostgreSQL is back."""
        self._owed.update({incident.id: incident for incident in incidents})
        try:
            self._pay()
        except StoreUnavailable:
            return

    def show(self, standings: Callable[[], Sequence[RuleStanding]], now: float, *, changed: bool) -> None:
        """How the rules stand, for the pages: at once where something changed, else every few seconds."""
        if not self.leads or (now < self._shown + EVERY_S and not changed):
            return
        self._shown = now
        try:
            self._alerts.keep_standings(standings())
        except StoreUnavailable:
            return

    def told(self, failures: Mapping[str, str], waiting: int) -> None:
        """How the telling goes, for the pages."""
        try:
            self._alerts.note_channels(failures, waiting)
        except StoreUnavailable:
            return

    def effect(self, incidents: Sequence[Incident], memory: AlertMemory, now: float) -> str:
        """What the incidents did to users so far, and how everything stands: as every page says it."""
        return " ".join(filter(None, (self._so_far(incidents, memory, now), self._at_present(now))))

    def _at_present(self, now: float) -> str:
        try:
            found = self._standings.current(now)
        except StoreUnavailable:
            return ""
        return f"Now: {status_line(found, now).text}." if found.all else ""

    def _so_far(self, incidents: Sequence[Incident], memory: AlertMemory, now: float) -> str:
        """As the store counts it, else as far as it is known here."""
        if len(incidents) == 1:
            try:
                found = counting.count(self._alerts, self._telemetry, incidents[0], datetime.fromtimestamp(now, UTC))
                return " ".join(effect_words.lines(found)) if found.calls else "No call is counted yet."
            except StoreUnavailable:
                pass
        began = min((incident.began for incident in incidents), default=now)
        answered = failed = 0.0
        for course in memory.courses(ANSWERS):
            since = course.value[course.at <= began]
            grown = float(course.value[-1] - (since[-1] if len(since) else 0.0))
            if dict(course.labels)["outcome"] in {"timeout", "error", "refused"}:
                failed += grown
            answered += grown
        if not answered:
            return ""
        return f"Of {answered:.0f} calls since then {failed:.0f} got no answer ({failed / answered:.1%})."

    def _lead(self) -> None:
        session = self._locks.session()
        if session != self._session or not self.leads:
            self.leads = self._locks.take(ALERTS, "leader")
        self._session = session

    def _count(self, memory: AlertMemory, now: datetime) -> None:
        start, until = _floor(self._counted - OVERLAP), _floor(now)
        if until <= start:
            return
        window = Window(start, until)
        points = max(1, round(window.seconds / BUCKET_S))
        for row in self._telemetry.lookups(window, points):
            labels: Labels = (("family", row.family), ("outcome", row.outcome), ("tier", row.tier))
            memory.count(STEPS, labels, row.ts.timestamp() + BUCKET_S, row.steps)
            memory.count(ANSWERS, labels, row.ts.timestamp() + BUCKET_S, row.answers)
        self._count_unpriced(memory, window)
        for found in self._telemetry.latency(window, points):
            for bound, count in zip(found.bounds_s, found.counts, strict=True):
                below: Labels = (("family", found.family), ("le", le(bound)), ("tier", found.tier))
                memory.count(TIMES, below, found.ts.timestamp() + BUCKET_S, count)
        memory.counted_until(now.timestamp())
        self._counted = until

    def _count_long_ago(self, memory: AlertMemory, now: float) -> None:
        """Minutes of the stretch with which rules compare what is now."""
        if self._long_ago is None or now < self._next_long_ago:
            return
        back_s, reach_s = self._long_ago
        minute = timedelta(seconds=LONG_AGO_S)
        start = datetime.fromtimestamp((now - back_s - reach_s - LONG_AGO_S) // LONG_AGO_S * LONG_AGO_S, UTC)
        window = Window(start, start + timedelta(seconds=(reach_s + SPARE_S) // LONG_AGO_S * LONG_AGO_S))
        if self._made_up(window):
            self._next_long_ago = now + LONG_AGO_EVERY_S
            return
        found: dict[Labels, dict[float, float]] = {}
        for row in self._telemetry.lookups(window, max(2, round(window.seconds / LONG_AGO_S))):
            labels: Labels = (("family", row.family), ("outcome", row.outcome), ("tier", row.tier))
            found.setdefault(labels, {})[(row.ts + minute).timestamp()] = row.steps
        memory.counted_long_ago({STEPS: found}, window.end.timestamp())
        self._next_long_ago = now + LONG_AGO_EVERY_S

    def _made_up(self, window: Window) -> bool:
        """Whether a simulation wrote any of it: what happens is never compared with that."""
        try:
            return any(span.overlaps(window) for span in self._samples.simulated())
        except StoreRefused:  # a role with the rights of an older version
            return False

    def _count_unpriced(self, memory: AlertMemory, window: Window) -> None:
        try:
            found = self._alerts.unpriced(window, BUCKET_S)
        except StoreRefused:  # a role that may not read the ledger: the rule is not judged
            return
        for bucket in range(round(window.start.timestamp()), round(window.end.timestamp()), round(BUCKET_S)):
            memory.count(UNPRICED, (), bucket + BUCKET_S, float(found.get(bucket, 0)))

    def _hear_others(self, memory: AlertMemory, now: datetime) -> None:
        """Sources that another collector reads: its runs and newest readings, as the store has them."""
        held = self._held()
        others = [source for source in self._samples.sources() if source not in held and not source.startswith("collectors")]
        if not others or not self.leads:
            return
        rows = self._samples.runs(Window(now - OVERLAP, now), 500)
        for row in sorted((r for r in rows if r.source in others and r.collector in PULSES), key=lambda r: r.ts):
            state = dict(self._samples.state(row.source))
            memory.hear([Run(row.collector, row.source, 0, row.ts, row.duration_s, RunOutcome(row.outcome), state=state)])
        for source in others:
            for reading in self._samples.latest((), source):
                sample = Sample(reading.key.metric, reading.value, Kind(reading.kind), reading.unit, reading.key.labels)
                memory.hear([Run("", source, 0, reading.ts, 0.0, RunOutcome.OK, (sample,))])

    def _pay(self) -> None:
        owed = dict(self._owed)
        if owed and self.leads:
            self._alerts.keep(owed.values())
            for name, incident in owed.items():
                if self._owed.get(name) is incident:
                    del self._owed[name]


def _floor(instant: datetime) -> datetime:
    seconds = int(instant.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(BUCKET_S), UTC)
