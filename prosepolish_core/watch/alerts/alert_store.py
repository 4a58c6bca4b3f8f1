"""Incidents in PostgreSQL: written by the collectors, read by pages and the command line,
with notes and silences of people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson

from ...drivers.postgres_pool import Connection, PostgresPool
from ...errors import InvalidInput
from ...model.health import Level
from ...model.incident import FiredAlert, Incident
from ...model.window import Window
from ..series.storable_text import clean
from .rule import Rule

LONGEST_SILENCE = timedelta(days=31)
LONGEST_NOTE = 4000
_LABELS = "ARRAY(SELECT ARRAY[key, value] FROM jsonb_each_text(a.labels) ORDER BY key)"
_INCIDENTS = "SELECT id, cause, level, extract(epoch FROM began), extract(epoch FROM ended) FROM incident"
_ALERTS = f"""
SELECT a.incident, a.rule, {_LABELS}, a.level, extract(epoch FROM a.since), extract(epoch FROM a.fired_at),
    extract(epoch FROM a.resolved_at), a.value, a.worst
FROM incident_alert a WHERE a.incident = ANY(%s) ORDER BY a.fired_at, a.rule"""


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote to an incident; `kind` is `note` or `acknowledged`."""

    at: datetime
    author: str
    kind: str
    body: str


class ChannelState(NamedTuple):
    """How telling by one channel goes.

    `failure`: why the newest attempt failed, or empty; `waiting`: messages not told yet.
    """

    channel: str
    told_at: datetime | None
    failed_at: datetime | None
    failure: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts of a rule (empty: all) about an instance or tier (empty: all) that nobody is told of until then."""

    id: int
    rule: str
    scope: str
    begins: datetime
    until: datetime
    author: str
    reason: str

    def covers(self, rule: Rule, alert: FiredAlert, now: datetime) -> bool:
        """Whether this alert is silenced now."""
        if not self.begins <= now < self.until:
            return False
        return self.rule in {"", rule.name} and self.scope in {"", *(value for _, value in alert.labels)}


class AlertStore:
    """Every method raises StoreUnavailable when PostgreSQL is away."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def keep(self, incidents: Iterable[Incident]) -> None:
        """Write these incidents as they are now; writing them again changes nothing."""
        with self._pool.connection() as connection:
            for incident in incidents:
                _keep(connection, incident)

    def incidents(self, window: Window | None = None, limit: int = 200) -> list[Incident]:
        """Newest first; those of a window are all that went on at any time in it."""
        where, values = "", list[object]()
        if window is not None:
            where, values = " WHERE began < %s AND coalesce(ended, 'infinity') >= %s", [window.end, window.start]
        with self._pool.connection() as connection:
            return _read(connection, f"{_INCIDENTS}{where} ORDER BY began DESC LIMIT %s", [*values, limit])

    def open_incidents(self) -> list[Incident]:
        """Those that go on, newest first."""
        with self._pool.connection() as connection:
            return _read(connection, f"{_INCIDENTS} WHERE ended IS NULL ORDER BY began DESC", [])

    def incident(self, name: str) -> Incident | None:
        """One incident by its id."""
        with self._pool.connection() as connection:
            return next(iter(_read(connection, f"{_INCIDENTS} WHERE id = %s", [name])), None)

    def add_note(self, incident: str, author: str, body: str, *, acknowledge: bool = False) -> None:
        """Write to an incident, or take it upon oneself.

        Raises InvalidInput for an unknown incident, no name or no text.
        """
        kind = "acknowledged" if acknowledge else "note"
        author, body = author.strip()[:100], body.strip()
        if not author:
            raise InvalidInput("a note needs the name of its author")
        if not body and not acknowledge:
            raise InvalidInput("a note needs a text")
        if len(body) > LONGEST_NOTE:
            raise InvalidInput(f"a note has at most {LONGEST_NOTE} characters")
        with self._pool.connection() as connection:
            written = connection.execute(
                "INSERT INTO incident_note (incident, author, kind, body) SELECT id, %s, %s, %s FROM incident WHERE id = %s",
                (clean(author), kind, clean(body), clean(incident)),
            )
            if not written.rowcount:
                raise InvalidInput("there is no incident of this id")

    def notes(self, incident: str) -> list[Note]:
        """Oldest first."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT at, author, kind, body FROM incident_note WHERE incident = %s ORDER BY at, id", (incident,)
            ).fetchall()
        return [Note(*row) for row in rows]

    def silence(self, author: str, reason: str, for_: timedelta, rule: str = "", scope: str = "") -> int:
        """Silence from now on; gives its number.

        Raises InvalidInput without a name, a reason or an end within a month.
        """
        if not author.strip() or not reason.strip():
            raise InvalidInput("a silence needs the name of its author and a reason")
        if not timedelta(0) < for_ <= LONGEST_SILENCE:
            raise InvalidInput(f"a silence ends within {LONGEST_SILENCE.days} days")
        with self._pool.connection() as connection:
            row = connection.execute(
                "INSERT INTO silence (rule, scope, until, author, reason) VALUES (%s, %s, now() + %s, %s, %s) RETURNING id",
                (clean(rule), clean(scope), for_, clean(author.strip()[:100]), clean(reason.strip()[:500])),
            ).fetchone()
        return int(row[0]) if row else 0

    def end_silence(self, number: int) -> bool:
        """End it now; False when there is none of this number that goes on."""
        with self._pool.connection() as connection:
            return connection.execute("DELETE FROM silence WHERE id = %s AND until > now()", (number,)).rowcount > 0

    def silences(self) -> list[Silence]:
        """Those that are not over, the next to end first."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT id, rule, scope, begins, until, author, reason FROM silence WHERE until > now() ORDER BY until"
            ).fetchall()
        return [Silence(*row) for row in rows]

    def note_channels(self, failures: Mapping[str, str], waiting: int) -> None:
        """How each channel's newest attempt went; an empty text is a success."""
        with self._pool.connection() as connection:
            for channel, failure in failures.items():
                connection.execute(
                    """
                    INSERT INTO alert_channel (channel, told_at, failed_at, failure, waiting)
                    VALUES (%(channel)s, CASE WHEN %(failure)s = '' THEN now() END, CASE WHEN %(failure)s <> '' THEN now() END,
                        %(failure)s, %(waiting)s)
                    ON CONFLICT (channel) DO UPDATE SET told_at = coalesce(excluded.told_at, alert_channel.told_at),
                        failed_at = coalesce(excluded.failed_at, alert_channel.failed_at),
                        failure = excluded.failure, waiting = excluded.waiting""",
                    {"channel": channel, "failure": clean(failure), "waiting": waiting},
                )

    def channels(self) -> list[ChannelState]:
        """Each channel's newest attempts, by name."""
        with self._pool.connection() as connection:
            rows = connection.execute(
                "SELECT channel, told_at, failed_at, failure, waiting FROM alert_channel ORDER BY channel"
            ).fetchall()
        return [ChannelState(*row) for row in rows]


def _keep(connection: Connection, incident: Incident) -> None:
    connection.execute(
        """
        INSERT INTO incident (id, cause, level, began, ended) VALUES (%s, %s, %s, to_timestamp(%s), to_timestamp(%s))
        ON CONFLICT (id) DO UPDATE SET level = excluded.level, ended = excluded.ended""",
        (clean(incident.id), clean(incident.cause), incident.level, incident.began, incident.ended),
    )
    connection.cursor().executemany(
        """
        INSERT INTO incident_alert (incident, rule, labels, level, since, fired_at, resolved_at, value, worst)
        VALUES (%s, %s, %s::jsonb, %s, to_timestamp(%s), to_timestamp(%s), to_timestamp(%s), %s, %s)
        ON CONFLICT (incident, rule, labels, fired_at) DO UPDATE
        SET level = excluded.level, resolved_at = excluded.resolved_at, value = excluded.value, worst = excluded.worst""",
        [
            (clean(incident.id), a.rule, _json(a), a.level, a.since, a.fired_at, a.resolved_at, a.value, a.worst)
            for a in incident.alerts
        ],
    )


def _read(connection: Connection, statement: str, values: Sequence[object]) -> list[Incident]:
    found = [
        Incident(name, cause, Level(level), float(began), None if ended is None else float(ended))
        for name, cause, level, began, ended in connection.execute(statement, list(values)).fetchall()
    ]
    alerts: dict[str, list[FiredAlert]] = {}
    for name, rule, labels, level, since, fired, resolved, value, worst in connection.execute(
        _ALERTS, ([incident.id for incident in found],)
    ).fetchall():
        pairs = tuple((str(key), str(text)) for key, text in labels)
        over = None if resolved is None else float(resolved)
        alerts.setdefault(name, []).append(FiredAlert(rule, pairs, Level(level), float(since), float(fired), over, value, worst))
    return [Incident(i.id, i.cause, i.level, i.began, i.ended, tuple(alerts.get(i.id, ()))) for i in found]


def _json(alert: FiredAlert) -> str:
    return orjson.dumps({name: clean(value) for name, value in alert.labels}).decode()
