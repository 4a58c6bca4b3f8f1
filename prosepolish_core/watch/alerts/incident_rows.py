"""Incidents as rows of PostgreSQL, written and read back: their alerts, their course, and what they did to users."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson

from ...drivers.postgres_pool import Connection
from ...model.health import Level
from ...model.incident import FiredAlert, Incident, IncidentEffect, IncidentEvent
from ...model.sample import Labels
from ..series.storable_text import clean
from .rules import BY_NAME

SELECT = "SELECT id, cause, level, extract(epoch FROM began), extract(epoch FROM ended) FROM incident"
_LABELS = "ARRAY(SELECT ARRAY[key, value] FROM jsonb_each_text(a.labels) ORDER BY key)"
_ALERTS = f"""
SELECT a.incident, a.rule, {_LABELS}, a.level, extract(epoch FROM a.since), extract(epoch FROM a.fired_at),
    extract(epoch FROM a.resolved_at), a.value, a.worst
FROM incident_alert a WHERE a.incident = ANY(%s) ORDER BY a.fired_at, a.rule"""
_EVENTS = f"""
SELECT extract(epoch FROM a.at), a.kind, a.rule, {_LABELS}, a.level, a.value, a.text
FROM incident_event a WHERE a.incident = %s ORDER BY a.at, a.id"""
#: What was counted counts no longer when the incident goes on after all, or ended later than was thought.
_KEEP = """
INSERT INTO incident AS i (id, cause, level, began, ended, sentence) VALUES (%s, %s, %s, to_timestamp(%s), to_timestamp(%s), %s)
ON CONFLICT (id) DO UPDATE SET level = excluded.level, ended = excluded.ended, sentence = excluded.sentence,
    effect = CASE WHEN i.ended IS NOT DISTINCT FROM excluded.ended THEN i.effect END"""
_KEEP_ALERT = """
INSERT INTO incident_alert (incident, rule, labels, level, since, fired_at, resolved_at, value, worst)
VALUES (%s, %s, %s::jsonb, %s, to_timestamp(%s), to_timestamp(%s), to_timestamp(%s), %s, %s)
ON CONFLICT (incident, rule, labels, fired_at) DO UPDATE
SET level = excluded.level, resolved_at = excluded.resolved_at, value = excluded.value, worst = excluded.worst"""
_KEEP_EVENT = """
INSERT INTO incident_event (incident, at, kind, rule, labels, level, value, text)
VALUES (%s, to_timestamp(%s), %s, %s, %s::jsonb, %s, %s, %s) ON CONFLICT DO NOTHING"""


def keep(connection: Connection, incident: Incident) -> None:
    """Write an incident as it is now, in the caller's transaction; writing it again changes nothing."""
    name = clean(incident.id)
    told = clean(sentence(incident))
    connection.execute(_KEEP, (name, clean(incident.cause), incident.level, incident.began, incident.ended, told))
    connection.cursor().executemany(
        _KEEP_ALERT,
        [(name, a.rule, _json(a.labels), a.level, a.since, a.fired_at, a.resolved_at, a.value, a.worst) for a in incident.alerts],
    )
    connection.cursor().executemany(
        _KEEP_EVENT,
        [(name, e.at, e.kind, e.rule, _json(e.labels), e.level, e.value, clean(e.text)) for e in incident.events],
    )


def sentence(incident: Incident) -> str:
    """What goes on and no standing says: the worst alert, and what it means. Empty where there is none."""
    firing = [(BY_NAME[alert.rule], alert) for alert in incident.firing if alert.rule in BY_NAME]
    shown = sorted((pair for pair in firing if not pair[0].standing), key=lambda pair: pair[0].consequence)
    return f"{shown[0][0].about(shown[0][1].labels)}: {shown[0][0].means.removesuffix('.')}" if shown else ""


def read(connection: Connection, statement: str, values: Sequence[object]) -> list[Incident]:
    """Incidents with their alerts; `statement` is SELECT with more behind it."""
    found = [
        Incident(name, cause, Level(level), float(began), None if ended is None else float(ended))
        for name, cause, level, began, ended in connection.execute(statement, list(values)).fetchall()
    ]
    alerts: dict[str, list[FiredAlert]] = {}
    for name, rule, labels, level, since, fired, resolved, value, worst in connection.execute(
        _ALERTS, ([incident.id for incident in found],)
    ).fetchall():
        over = None if resolved is None else float(resolved)
        alerts.setdefault(name, []).append(
            FiredAlert(rule, _pairs(labels), Level(level), float(since), float(fired), over, value, worst)
        )
    return [replace(i, alerts=tuple(alerts.get(i.id, ()))) for i in found]


def with_course(connection: Connection, incident: Incident) -> Incident:
    """With everything that happened in its course, oldest first."""
    rows = connection.execute(_EVENTS, (incident.id,)).fetchall()
    return replace(
        incident,
        events=tuple(
            IncidentEvent(float(at), kind, rule, _pairs(labels), Level(level), value, text)
            for at, kind, rule, labels, level, value, text in rows
        ),
    )


def effect_json(effect: IncidentEffect) -> str:
    """An effect as it is kept; dollars as text, to the last digit."""
    return orjson.dumps(effect, default=str).decode()


def effect_of(kept: Any) -> IncidentEffect | None:
    """An effect as it was kept."""
    if kept is None:
        return None
    usd = kept["extra_usd"]
    return IncidentEffect(**{**kept, "extra_usd": None if usd is None else Decimal(usd)})


def _pairs(labels: Sequence[Sequence[Any]]) -> Labels:
    return tuple((str(key), str(text)) for key, text in labels)


def _json(labels: Labels) -> str:
    return orjson.dumps({name: clean(value) for name, value in labels}).decode()
