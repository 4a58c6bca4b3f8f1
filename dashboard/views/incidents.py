"""Incidents: those that go on first, then those of the last months; and how telling people goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prosepolish_core import Core
from prosepolish_core.calc.effect_words import lines
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import ChannelState, Incident, IncidentEffect
from prosepolish_core.model.window import Window
from prosepolish_core.watch.alerts.alert_store import AlertStore, Silence
from prosepolish_core.watch.alerts.counting import count
from prosepolish_core.watch.alerts.incident_report import is_simulated
from prosepolish_core.watch.alerts.rules import BY_NAME
from prosepolish_core.watch.alerts.telling import cause

#: How far back the list goes, and how many it names.
LOOK_BACK, MOST = timedelta(days=90), 200


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One line of the list. `effect` is None where nothing is counted yet."""

    id: str
    level: Level
    what: str
    began: datetime
    lasted_s: float
    over: bool
    effect: IncidentEffect | None
    acknowledged_by: str
    simulated: bool = False

    @property
    def told(self) -> str:
        """The effect on users in one line."""
        return "not counted yet" if self.effect is None else " ".join(lines(self.effect))


@dataclass(frozen=True, slots=True)
class IncidentList:
    """Everything the list shows."""

    rows: tuple[IncidentRow, ...]
    channels: tuple[ChannelState, ...]
    silences: tuple[Silence, ...]
    told: bool

    @property
    def open(self) -> tuple[IncidentRow, ...]:
        """Those that go on."""
        return tuple(row for row in self.rows if not row.over)


def build(core: Core, now: datetime | None = None) -> IncidentList:
    """Read and compute. Raises StoreUnavailable."""
    at, alerts = now or datetime.now(UTC), core.alerts
    goes_on = sorted(alerts.open_incidents(), key=lambda i: (-i.level.rank, i.began))
    over = [i for i in alerts.incidents(Window(at - LOOK_BACK, at + timedelta(seconds=1)), MOST) if i.ended is not None]
    config = core.config
    return IncidentList(
        tuple(_rows(core, alerts, [*goes_on, *over], at)),
        tuple(alerts.channels()),
        tuple(alerts.silences()),
        told=bool(config.alert_urls or config.alert_webhook_url),
    )


def _rows(core: Core, alerts: AlertStore, found: Sequence[Incident], now: datetime) -> list[IncidentRow]:
    names = [incident.id for incident in found]
    taken, kept = alerts.acknowledged(names), alerts.effects(names)
    spans = core.samples.simulated()
    rows = []
    for incident in found:
        end = now.timestamp() if incident.ended is None else incident.ended
        effect = kept.get(incident.id)
        if effect is None and incident.ended is None:
            effect = count(alerts, core.telemetry, incident, now)
        began = datetime.fromtimestamp(incident.began, UTC)
        rows.append(
            IncidentRow(
                incident.id,
                incident.level,
                cause(incident, BY_NAME),
                began,
                max(0.0, end - incident.began),
                incident.ended is not None,
                effect,
                taken.get(incident.id, ""),
                is_simulated(incident, spans),
            )
        )
    return rows
