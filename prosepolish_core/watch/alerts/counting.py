"""What an incident did to users so far, from the core's counts and the ledger."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ...calc.incident_effect import Paid, effect
from ...errors import StoreRefused
from ...model.incident import Incident, IncidentEffect
from ...model.window import Window
from ...ports import TelemetryReader
from .alert_store import AlertStore

#: What the core counts of each log-in that began.
LOGIN = "session_created"
#: Seconds of one bucket of counts; an incident is counted from the bucket it began in to the one it ended in.
BUCKET_S = 10
#: How long before an incident tells what is usual.
USUAL = timedelta(hours=1)
#: Counts are flushed late: an incident is counted once and for all so long after its end.
SETTLED = timedelta(seconds=60)


def count(alerts: AlertStore, telemetry: TelemetryReader, incident: Incident, now: datetime) -> IncidentEffect:
    """From its beginning to its end, or until now. Raises StoreUnavailable."""
    end = now.timestamp() if incident.ended is None else incident.ended
    start = incident.began // BUCKET_S * BUCKET_S
    window = Window(_instant(start), _instant(max(end, start + 1) // -BUCKET_S * -BUCKET_S))
    before = Window(window.start - USUAL, window.start)
    found = effect(
        incident.began,
        end,
        telemetry.lookups(window, 1),
        telemetry.lookups(before, 1),
        _paid(alerts, window),
        _paid(alerts, before),
    )
    return _with_logins(found, telemetry, window, before)


def settle(alerts: AlertStore, telemetry: TelemetryReader, now: datetime) -> int:
    """Count the incidents that are over and keep what was counted; how many there were. Raises StoreUnavailable."""
    found = alerts.to_be_counted(now - SETTLED)
    for incident in found:
        alerts.keep_effect(incident, count(alerts, telemetry, incident, now))
    return len(found)


def _paid(alerts: AlertStore, window: Window) -> Paid | None:
    try:
        return alerts.paid(window)
    except StoreRefused:  # a role that may not read the ledger: the money is unknown, the calls are not
        return None


def _with_logins(found: IncidentEffect, telemetry: TelemetryReader, window: Window, before: Window) -> IncidentEffect:
    try:
        now, usual = telemetry.events(window), telemetry.events(before)
    except StoreRefused:  # a role that may not read events: nothing is said of log-ins
        return found
    return replace(
        found,
        logins=now.get(LOGIN, 0),
        usual_logins=usual.get(LOGIN, 0) * window.seconds / before.seconds,
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
