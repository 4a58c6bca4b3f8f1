"""What a message says: what, since when, its effect on users, the first step, the link;
as text and as a webhook body.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from ...calc.numbers import said
from ...model.incident import KINDS, FiredAlert, Incident, Message
from .rule import Rule

#: Alerts named one by one in a text; the rest are counted.
MOST_NAMED = 8
AGAIN, LATE = "This is a repetition; you may have had it already.", "This message comes late: sending failed."
BEGINS = {"opened": "{level}", "worse": "now {level}", "resolved": "over", "digest": "{count} incidents", "test": "test"}


class AlertText(NamedTuple):
    """One message in words."""

    title: str
    text: str


def words(
    message: Message, incidents: Sequence[Incident], rules: Mapping[str, Rule], effect: str, link: str, now: float
) -> AlertText:
    """The message for people.

    `effect` is a sentence on users, or empty; `link` is the dashboard's address, or empty.
    """
    begin = BEGINS[message.kind].format(level=message.level.value, count=len(incidents))
    subject = "; ".join(dict.fromkeys(title(incident, rules) for incident in incidents)) or KINDS[message.kind]
    lines: list[str] = []
    for incident in incidents:
        lines += _lines(incident, rules, link, now)
    if effect:
        lines.append(effect)
    if message.attempts:
        lines.append(
            "This is a repetition; you may have had it already."
            if message.maybe_told
            else "This message comes late: sending failed."
        )
    return AlertText(f"ProsePolish: {begin}: {subject}"[:250], "\n".join(lines))


def title(incident: Incident, rules: Mapping[str, Rule]) -> str:
    """The subject of an incident: that of its first alert among the worst."""
    worst = max(incident.alerts, key=lambda alert: alert.level.rank, default=None)
    return incident.cause if worst is None else about(worst, rules)


def about(alert: FiredAlert, rules: Mapping[str, Rule]) -> str:
    rule = rules.get(alert.rule)
    return alert.rule if rule is None else rule.about(alert.labels)


def body(message: Message, incidents: Sequence[Incident], rules: Mapping[str, Rule], told: AlertText, link: str) -> dict[str, Any]:
    """The webhook's body: Alertmanager's webhook format, version 4, so that its receivers take it;
    our key and words beside.
    """
    alerts = [_as_alertmanager(alert, incident, rules, link) for incident in incidents for alert in incident.alerts]
    over = message.kind == "resolved" or (bool(incidents) and all(i.ended is not None for i in incidents))
    return {
        "version": "4",
        "groupKey": ",".join(message.incidents) or message.key,
        "truncatedAlerts": 0,
        "status": "resolved" if over else "firing",
        "receiver": "prosepolish",
        "groupLabels": {"cause": ",".join(dict.fromkeys(i.cause for i in incidents))},
        "commonLabels": {"severity": message.level.value},
        "commonAnnotations": {"summary": told.title, "description": told.text},
        "externalURL": link,
        "alerts": alerts,
        "key": message.key,
        "kind": message.kind,
        "attempt": message.attempts + 1,
    }


def _lines(incident: Incident, rules: Mapping[str, Rule], link: str, now: float) -> list[str]:
    until = incident.ended or now
    when = f"since {_clock(incident.began)}" if incident.ended is None else f"{_clock(incident.began)} to {_clock(incident.ended)}"
    lines = [f"{title(incident, rules)}: {when} ({said(until - incident.began, 'seconds')})."]
    shown = incident.firing or incident.alerts
    for alert in shown[:MOST_NAMED]:
        rule = rules.get(alert.rule)
        value = "" if alert.value is None or rule is None else f" at {said(alert.value, rule.unit)}"
        lines.append(f"- {alert.level.value}: {about(alert, rules)}{value}. {rule.means if rule else ''}".rstrip())
    if len(shown) > MOST_NAMED:
        lines.append(f"- and {len(shown) - MOST_NAMED} more.")
    if incident.ended is None and shown and (rule := rules.get(shown[0].rule)):
        lines.append(f"First step: {rule.do}")
    if link:
        lines.append(link)
    return lines


def _as_alertmanager(alert: FiredAlert, incident: Incident, rules: Mapping[str, Rule], link: str) -> dict[str, Any]:
    rule = rules.get(alert.rule)
    means, do = (rule.means, rule.do) if rule else ("", "")
    labels = {"alertname": alert.rule, "severity": alert.level.value, "incident": incident.id, **dict(alert.labels)}
    return {
        "status": "firing" if alert.resolved_at is None else "resolved",
        "labels": labels,
        "annotations": {"summary": about(alert, rules), "description": means, "runbook": do},
        "startsAt": _iso(alert.since),
        "endsAt": "0001-01-01T00:00:00Z" if alert.resolved_at is None else _iso(alert.resolved_at),
        "generatorURL": link,
        "fingerprint": sha256(repr((alert.rule, alert.labels)).encode()).hexdigest()[:16],
    }


def _clock(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
