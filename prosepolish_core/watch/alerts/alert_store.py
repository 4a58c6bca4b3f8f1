"""Incidents in PostgreSQL: written by the collectors, read by pages and the command line,
with notes and silences of people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ...calc.incident_effect import Paid
from ...drivers.postgres_pool import PostgresPool
from ...errors import InvalidInput
from ...model.incident import ChannelState, FiredAlert, Incident, IncidentEffect
from ...model.window import Window
from ..series.storable_text import clean
from . import incident_rows as rows
from .rule import Rule
from .rule_standing import RuleStanding, RuleStandings, from_json, to_json

LONGEST_SILENCE = timedelta(days=31)
LONGEST_NOTE = 4000


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote to an incident; `kind` is `note` or `acknowledged`."""

    at: datetime
    author: str
    kind: str
    body: str


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
                rows.keep(connection, incident)

    def incidents(self, window: Window | None = None, limit: int = 200) -> list[Incident]:
        """Newest first; those of a window are all that went on at any time in it."""
        where, values = "", list[object]()
        if window is not None:
            where, values = " WHERE began < %s AND coalesce(ended, 'infinity') >= %s", [window.end, window.start]
        with self._pool.connection() as connection:
            return rows.read(connection, f"{rows.SELECT}{where} ORDER BY began DESC LIMIT %s", [*values, limit])

    def open_incidents(self) -> list[Incident]:
        """Those that go on, newest first."""
        with self._pool.connection() as connection:
            return rows.read(connection, f"{rows.SELECT} WHERE ended IS NULL ORDER BY began DESC", [])

    def incident(self, name: str) -> Incident | None:
        """One incident by its id, with its course."""
        with self._pool.connection() as connection:
            found = next(iter(rows.read(connection, f"{rows.SELECT} WHERE id = %s", [clean(name)])), None)
            return None if found is None else rows.with_course(connection, found)

    def acknowledged(self, incidents: Sequence[str]) -> dict[str, str]:
        """Who took each of these incidents upon himself first."""
        with self._pool.connection() as connection:
            found = connection.execute(
                "SELECT DISTINCT ON (incident) incident, author FROM incident_note"
                " WHERE kind = 'acknowledged' AND incident = ANY(%s) ORDER BY incident, at, id",
                (list(incidents),),
            ).fetchall()
        return dict(found)

    def to_be_counted(self, ended_before: datetime) -> list[Incident]:
        """Incidents that are over and whose effect on users is not kept yet, oldest first."""
        statement = f"{rows.SELECT} WHERE ended < %s AND effect IS NULL ORDER BY ended LIMIT 20"
        with self._pool.connection() as connection:
            return rows.read(connection, statement, [ended_before])

    def keep_effect(self, incident: Incident, effect: IncidentEffect) -> None:
        """Keep what it did to users, unless it goes on after all."""
        with self._pool.connection() as connection:
            connection.execute(
                "UPDATE incident SET effect = %s::jsonb WHERE id = %s AND ended = to_timestamp(%s)",
                (rows.effect_json(effect), incident.id, incident.ended),
            )

    def effects(self, incidents: Sequence[str]) -> dict[str, IncidentEffect]:
        """Those effects that are kept, by incident."""
        with self._pool.connection() as connection:
            found = connection.execute(
                "SELECT id, effect FROM incident WHERE id = ANY(%s) AND effect IS NOT NULL", (list(incidents),)
            ).fetchall()
        return {name: effect for name, kept in found if (effect := rows.effect_of(kept))}

    def paid(self, window: Window) -> Paid:
        """LLM calls that were paid in the window."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT coalesce(sum(calls), 0)::bigint, coalesce(sum(calls) FILTER (WHERE cost_usd IS NULL), 0)::bigint,"
                " coalesce(sum(cost_usd), 0) FROM paid_calls WHERE ts >= %s AND ts < %s",
                (window.start, window.end),
            ).fetchone()
        return Paid(*row) if row else Paid(0, 0, Decimal(0))

    def unpriced(self, window: Window, step_s: float) -> dict[int, int]:
        """Paid calls without a known price: how many in each bucket that has some, by its start."""
        with self._pool.connection() as connection:
            found = connection.execute(
                "SELECT extract(epoch FROM date_bin(%s * interval '1 second', ts, timestamptz 'epoch'))::bigint, sum(calls)::bigint"
                " FROM paid_calls WHERE ts >= %s AND ts < %s AND state = 'unpriced' GROUP BY 1",
                (step_s, window.start, window.end),
            ).fetchall()
        return dict(found)

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
            found = connection.execute(
                "SELECT at, author, kind, body FROM incident_note WHERE incident = %s ORDER BY at, id", (incident,)
            ).fetchall()
        return [Note(*row) for row in found]

    def silence(
        self, author: str, reason: str, until: datetime, rule: str = "", scope: str = "", begins: datetime | None = None
    ) -> int:
        """Silence from `begins` (now, when it is left out) until then; gives its number.

        Raises InvalidInput without a name, a reason or an end that comes within a month of the beginning.
        """
        if not author.strip() or not reason.strip():
            raise InvalidInput("a silence needs the name of its author and a reason")
        now = datetime.now(UTC)
        first = begins or now
        if first.tzinfo is None or until.tzinfo is None:
            raise InvalidInput("a silence needs instants with their zone")
        if until <= first:
            raise InvalidInput("a silence ends after it begins")
        if until <= now:
            raise InvalidInput("a silence that is over already silences nothing")
        if until - first > LONGEST_SILENCE:
            raise InvalidInput(f"a silence ends within {LONGEST_SILENCE.days} days")
        with self._pool.connection() as connection:
            row = connection.execute(
                "INSERT INTO silence (rule, scope, begins, until, author, reason) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
                (clean(rule), clean(scope), first, until, clean(author.strip()[:100]), clean(reason.strip()[:500])),
            ).fetchone()
        return int(row[0]) if row else 0

    def keep_standings(self, standings: Iterable[RuleStanding]) -> None:
        """How every rule stands now."""
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO alert_standing (at, standings) VALUES (now(), %s::jsonb)"
                " ON CONFLICT (one) DO UPDATE SET at = excluded.at, standings = excluded.standings",
                (clean(to_json(standings).decode()),),
            )

    def standings(self) -> RuleStandings:
        """How every rule stood when a collector looked last."""
        with self._pool.connection() as connection:
            row = connection.execute("SELECT at, standings FROM alert_standing").fetchone()
        return RuleStandings(None) if row is None else RuleStandings(row[0], from_json(row[1]))

    def end_silence(self, number: int) -> bool:
        """End it now; False when there is none of this number that goes on."""
        with self._pool.connection() as connection:
            return connection.execute("DELETE FROM silence WHERE id = %s AND until > now()", (number,)).rowcount > 0

    def silences(self) -> list[Silence]:
        """Those that are not over, the next to end first."""
        with self._pool.connection() as connection:
            found = connection.execute(
                "SELECT id, rule, scope, begins, until, author, reason FROM silence WHERE until > now() ORDER BY until"
            ).fetchall()
        return [Silence(*row) for row in found]

    def note_channels(self, failures: Mapping[str, str], waiting: int) -> None:
        """How each channel's newest attempt went; an empty text is a success."""
        with self._pool.connection() as connection:
            for channel, failure in failures.items():
                connection.execute(
                    """
                    INSERT INTO alert_channel AS c (channel, told_at, failed_at, failure, waiting, told_total, failed_total)
                    VALUES (%(channel)s, CASE WHEN %(failure)s = '' THEN now() END, CASE WHEN %(failure)s <> '' THEN now() END,
                        %(failure)s, %(waiting)s, (%(failure)s = '')::int, (%(failure)s <> '')::int)
                    ON CONFLICT (channel) DO UPDATE SET told_at = coalesce(excluded.told_at, c.told_at),
                        failed_at = coalesce(excluded.failed_at, c.failed_at), failure = excluded.failure,
                        waiting = excluded.waiting, told_total = c.told_total + excluded.told_total,
                        failed_total = c.failed_total + excluded.failed_total""",
                    {"channel": channel, "failure": clean(failure), "waiting": waiting},
                )

    def channels(self) -> list[ChannelState]:
        """Each channel's newest attempts, by name."""
        with self._pool.connection() as connection:
            found = connection.execute(
                "SELECT channel, told_at, failed_at, failure, waiting, told_total, failed_total FROM alert_channel ORDER BY channel"
            ).fetchall()
        return [ChannelState(*row) for row in found]
