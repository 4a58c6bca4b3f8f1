"""What a message says: what, since when, its effect on users, the first step, the link;
as text and as a webhook body.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote

from ...calc.numbers import said
from ...model.incident import KINDS, FiredAlert, Incident, Message
from .rule import Rule

#: Alerts named one by one in a text; the rest are counted.
MOST_NAMED = 8
#: The end of an alert that goes on, as Alertmanager writes it.
NEVER = "0001-01-01T00:00:00Z"
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
        lines.append(AGAIN if message.maybe_told else LATE)
    return AlertText(f"ProsePolish: {begin}: {subject}"[:250], "\n".join(lines))


def link_to(dashboard: str, incident: Incident) -> str:
    """The page of one incident, at the dashboard's address."""
    return f"{dashboard.rstrip('/')}/incidents?incident={quote(incident.id, safe='')}" if dashboard else ""


def title(incident: Incident, rules: Mapping[str, Rule]) -> str:
    """The subject of an incident: that of the alert that explains it."""
    alert = explaining(incident, rules)
    return incident.cause if alert is None else about(alert, rules)


def explaining(incident: Incident, rules: Mapping[str, Rule]) -> FiredAlert | None:
    """The first of the worst alerts that are nobody's consequence; where there is none, of all."""

    def weight(alert: FiredAlert) -> tuple[bool, int]:
        rule = rules.get(alert.rule)
        return rule is not None and not rule.consequence, alert.level.rank

    return max(incident.alerts, key=weight, default=None)


def cause(incident: Incident, rules: Mapping[str, Rule]) -> str:
    """What happened, in plain words."""
    alert = explaining(incident, rules)
    rule = None if alert is None else rules.get(alert.rule)
    return title(incident, rules) if rule is None else f"{title(incident, rules)}: {rule.means}"


def about(alert: FiredAlert, rules: Mapping[str, Rule]) -> str:
    rule = rules.get(alert.rule)
    return alert.rule if rule is None else rule.about(alert.labels)


def body(message: Message, incidents: Sequence[Incident], rules: Mapping[str, Rule], told: AlertText, link: str) -> dict[str, Any]:
    """The webhook's body: Alertmanager's webhook format, version 4, so that its receivers take it;
    our key and words beside.
    """
    alerts = [_as_alertmanager(alert, incident, rules, link) for incident in incidents for alert in incident.alerts]
    alerts = alerts or [_nothing_fired(message, told, link)]
    causes = {incident.cause for incident in incidents}
    over = message.kind == "resolved" or (bool(incidents) and all(i.ended is not None for i in incidents))
    return {
        "version": "4",
        "groupKey": ",".join(message.incidents) or message.key,
        "truncatedAlerts": 0,
        "status": "resolved" if over else "firing",
        "receiver": "prosepolish",
        "groupLabels": {"cause": causes.pop()} if len(causes) == 1 else {},
        "commonLabels": _common([alert["labels"] for alert in alerts]),
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
        lines.append(link_to(link, incident))
    return lines


def _as_alertmanager(alert: FiredAlert, incident: Incident, rules: Mapping[str, Rule], link: str) -> dict[str, Any]:
    rule = rules.get(alert.rule)
    means, do = (rule.means, rule.do) if rule else ("", "")
    named = {"alertname": alert.rule, "severity": alert.level.value, "incident": incident.id, "cause": incident.cause}
    labels = dict(alert.labels) | named
    return {
        "status": "firing" if alert.resolved_at is None else "resolved",
        "labels": labels,
        "annotations": {"summary": about(alert, rules), "description": means, "runbook": do},
        "startsAt": _iso(alert.since),
        "endsAt": NEVER if alert.resolved_at is None else _iso(alert.resolved_at),
        "generatorURL": link_to(link, incident),
        "fingerprint": _fingerprint((alert.rule, alert.labels)),
    }


def _nothing_fired(message: Message, told: AlertText, link: str) -> dict[str, Any]:
    """A message without an alert, as a test is, as one: receivers expect at least one."""
    labels = {"alertname": f"prosepolish_{message.kind}", "severity": message.level.value}
    return {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": told.title, "description": told.text},
        "startsAt": _iso(message.due),
        "endsAt": NEVER,
        "generatorURL": link,
        "fingerprint": _fingerprint(message.key),
    }


def _common(labels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What all of them have alike."""
    return {name: value for name, value in labels[0].items() if all(other.get(name) == value for other in labels)}


def _fingerprint(of: object) -> str:
    return sha256(repr(of).encode()).hexdigest()[:16]


def _clock(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
