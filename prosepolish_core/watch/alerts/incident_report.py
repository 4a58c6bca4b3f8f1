"""An incident as it is read afterwards: what happened when, to whom, and who did what about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ...calc.incidents import SAME
from ...calc.numbers import said
from ...errors import InvalidInput
from ...model.health import Level
from ...model.incident import Incident, IncidentEffect, IncidentEvent
from ...model.series import Mark
from ...model.window import Window
from ...ports import SampleReader, TelemetryReader
from .alert_store import AlertStore, Note
from .counting import count
from .rule import Rule
from .telling import about, cause

#: What changed so long before an incident may be why it began.
BEFORE = timedelta(minutes=15)
#: What lies below all tiers: its marks belong to every incident about a tier.
SHARED = ("cache", "postgres")


class TimelineRow(NamedTuple):
    """One thing that happened: a mark before or during the incident, what fired, who was told, what somebody wrote.

    `kind` is a kind of mark, of event or of note.
    """

    at: datetime
    kind: str
    text: str
    level: Level = Level.OK


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """Everything known of one incident. `settled`: its effect was counted once and for all.

    `simulated`: it never happened, a simulation wrote it.
    """

    incident: Incident
    what: str
    effect: IncidentEffect
    settled: bool
    notes: Sequence[Note]
    marks: Sequence[Mark]
    rows: Sequence[TimelineRow]
    simulated: bool = False

    @property
    def began(self) -> datetime:
        """When it began to show."""
        return datetime.fromtimestamp(self.incident.began, UTC)

    @property
    def ended(self) -> datetime | None:
        """None while it goes on."""
        return None if self.incident.ended is None else datetime.fromtimestamp(self.incident.ended, UTC)

    @property
    def acknowledged_by(self) -> str:
        """Who took it upon himself first, or empty."""
        return next((note.author for note in self.notes if note.kind == "acknowledged"), "")


def read(
    alerts: AlertStore, samples: SampleReader, telemetry: TelemetryReader, rules: Mapping[str, Rule], name: str, now: datetime
) -> IncidentReport:
    """The report of the incident of this id. Raises InvalidInput where there is none, StoreUnavailable."""
    incident = alerts.incident(name)
    if incident is None:
        raise InvalidInput("there is no incident of this id; prosepolish alerts list --days 30 names those of a month")
    kept = alerts.effects([name]).get(name)
    notes = alerts.notes(name)
    began = datetime.fromtimestamp(incident.began, UTC)
    until = now if incident.ended is None else datetime.fromtimestamp(incident.ended, UTC)
    window = Window(began - BEFORE, max(until, began) + timedelta(seconds=1))
    marks = concerning(incident, samples.marks(window))
    rows = timeline(incident, marks, notes, rules)
    effect = kept or count(alerts, telemetry, incident, now)
    made_up = is_simulated(incident, samples.simulated())
    return IncidentReport(incident, cause(incident, rules), effect, kept is not None, notes, marks, rows, made_up)


def is_simulated(incident: Incident, spans: Sequence[Window]) -> bool:
    """Whether it began in a simulated span."""
    return any(span.start.timestamp() <= incident.began < span.end.timestamp() for span in spans)


def sources(incident: Incident) -> tuple[str, ...]:
    """The servers it is about; one about a tier concerns the servers behind the tiers."""
    named = {value for alert in incident.alerts for key, value in alert.labels if key == "instance"}
    tiers = {*SAME.values(), "postgres", "dictionary_api", "gemini"}
    of_tier = incident.cause in tiers or any(key == "tier" for alert in incident.alerts for key, _ in alert.labels)
    return tuple(sorted({incident.cause, *named, *(SHARED if of_tier else ())}))


def concerning(incident: Incident, marks: Sequence[Mark]) -> list[Mark]:
    """Those of its servers, of the collectors and of nobody in particular."""
    chosen = sources(incident)
    return [mark for mark in marks if not mark.source or mark.source in chosen or mark.source.startswith("collectors")]


def timeline(incident: Incident, marks: Sequence[Mark], notes: Sequence[Note], rules: Mapping[str, Rule]) -> list[TimelineRow]:
    """Marks, events and notes, oldest first; where several fall together, marks before what fired."""
    rows = [TimelineRow(mark.ts, mark.kind, mark.text) for mark in marks]
    rows += [_event(event, rules) for event in incident.events or _from_alerts(incident)]
    rows += [TimelineRow(note.at, note.kind, f"{note.author}: {note.body}".removesuffix(": ")) for note in notes]
    return sorted(rows, key=lambda row: row.at)


def _event(event: IncidentEvent, rules: Mapping[str, Rule]) -> TimelineRow:
    at = datetime.fromtimestamp(event.at, UTC)
    rule = rules.get(event.rule)
    if not event.rule:
        return TimelineRow(at, event.kind, event.text, event.level)
    subject = event.rule if rule is None else rule.about(event.labels)
    value = "" if event.value is None or rule is None else f" at {said(event.value, rule.unit)}"
    return TimelineRow(at, event.kind, f"{subject}{value}" + (f" ({event.text})" if event.text else ""), event.level)


def _from_alerts(incident: Incident) -> list[IncidentEvent]:
    """The course of an incident that was written before courses were kept."""
    found = [IncidentEvent(a.fired_at, "fired", a.rule, a.labels, a.level, a.worst) for a in incident.alerts]
    found += [IncidentEvent(a.resolved_at, "resolved", a.rule, a.labels) for a in incident.alerts if a.resolved_at is not None]
    return found + ([] if incident.ended is None else [IncidentEvent(incident.ended, "ended")])


def subjects(incident: Incident, rules: Mapping[str, Rule]) -> list[str]:
    """What its alerts are about, each once, in the order in which they fired."""
    return list(dict.fromkeys(about(alert, rules) for alert in incident.alerts))
