"""The journal: open incidents and unsent messages in one file, replaced whole,
so that a kill loses and doubles nothing.

It lies on the disk of the collectors, not in PostgreSQL: PostgreSQL may be what is away.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from ...model.health import Level
from ...model.incident import FiredAlert, Incident, IncidentEvent, Message
from .desk import Desk

#: The layout of the file; one of another version is set aside.
VERSION = 1


def save(path: Path, desk: Desk) -> None:
    """Replace the file. Raises OSError; then the old one is still whole."""
    body = {"version": VERSION, "incidents": list(desk.incidents.values()), "outbox": [m._asdict() for m in desk.outbox.values()]}
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(orjson.dumps(body))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path, desk: Desk) -> None:
    """Take over what the file holds; a file that cannot be read is set aside as `.unreadable`,
    and the desk begins empty.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return
    try:
        incidents, messages = _read(orjson.loads(raw))
    except (ValueError, KeyError, TypeError):
        with suppress(OSError):
            path.replace(path.with_suffix(".unreadable"))
        return
    desk.incidents = {incident.id: incident for incident in incidents}
    desk.outbox = {message.key: message for message in messages}


def _read(body: Any) -> tuple[list[Incident], list[Message]]:
    if body["version"] != VERSION:
        raise ValueError("a journal of another version")
    return [_incident(row) for row in body["incidents"]], [_message(row) for row in body["outbox"]]


def _incident(row: dict[str, Any]) -> Incident:
    alerts = tuple(_alert(alert) for alert in row.pop("alerts"))
    events = tuple(_event(event) for event in row.pop("events", []))
    return Incident(**{**row, "level": Level(row["level"]), "told_level": Level(row["told_level"])}, alerts=alerts, events=events)


def _event(row: dict[str, Any]) -> IncidentEvent:
    labels = tuple((str(name), str(value)) for name, value in row["labels"])
    return IncidentEvent(**{**row, "level": Level(row["level"]), "labels": labels})


def _alert(row: dict[str, Any]) -> FiredAlert:
    labels = tuple((str(name), str(value)) for name, value in row["labels"])
    return FiredAlert(**{**row, "level": Level(row["level"]), "labels": labels})


def _message(row: dict[str, Any]) -> Message:
    return Message(**{**row, "incidents": tuple(row["incidents"]), "told_by": tuple(row["told_by"]), "level": Level(row["level"])})
