"""The standings in PostgreSQL, one row a dependency: every process that looks tells the same "since", over restarts.

A process writes what it saw change, and says from time to time that a state goes on. A row that nobody has confirmed
for a while is overwritten by whoever sees it otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...calc.incidents import dependency
from ...drivers.postgres_pool import PostgresPool
from ...model.health import Level
from ...model.standing import Effect, OpenIncident, Standing, Standings, State, Trouble
from ..series.storable_text import clean

#: Longest look into the table, and longest writing.
WITHIN_S = 0.7
#: A row that nobody confirmed for longer says nothing about now.
CONFIRMED_S = 30.0
_INSTANTS = ("since", "last_good", "onset", "past_began", "past_ended", "judged_at")
_OTHERS = (
    "state",
    "reason",
    "action",
    "past_worst",
    "past_reason",
    "effect_calls",
    "effect_lost",
    "effect_instead",
    "effect_added_s",
)
_COLUMNS = ("name", *_OTHERS, *_INSTANTS)
_READ = f"SELECT name, {', '.join(_OTHERS)}, {', '.join(f'extract(epoch FROM {c})::float8' for c in _INSTANTS)} FROM standing"
_INCIDENTS = """
SELECT id, cause, level, extract(epoch FROM began)::float8, sentence FROM incident WHERE ended IS NULL ORDER BY began LIMIT 100"""
_PLACES = ", ".join(f"to_timestamp(%({c})s)" if c in _INSTANTS else f"%({c})s" for c in _COLUMNS)
# Two processes see one change a moment apart: the earlier one counts, unless it lies before what came in between.
_SINCE = """since = CASE WHEN standing.state = excluded.state AND standing.since > coalesce(excluded.past_ended, '-infinity')
    THEN least(standing.since, excluded.since) ELSE excluded.since END"""
_SET = ", ".join(f"{c} = excluded.{c}" for c in _COLUMNS if c not in {"name", "since"})
_WRITE = f"INSERT INTO standing ({', '.join(_COLUMNS)}) VALUES ({_PLACES}) ON CONFLICT (name) DO UPDATE SET {_SET}, {_SINCE}"


class StandingStore:
    """Every method raises StoreUnavailable when PostgreSQL is away."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def read(self) -> Mapping[str, Standing]:
        """Every row as it is, however old; `seen_at` says when it was last confirmed."""
        with self._pool.connection(within_s=WITHIN_S) as connection:
            rows = connection.execute(_READ).fetchall()
        return {row[0]: _standing(dict(zip(_COLUMNS, row, strict=True))) for row in rows}

    def current(self, now: float) -> Standings:
        """The rows that speak of now, in the order of the tiers."""
        fresh = {name: found for name, found in self.read().items() if now - found.seen_at <= CONFIRMED_S}
        return Standings.of(fresh, now, self.incidents())

    def incidents(self) -> Sequence[OpenIncident]:
        """All that go on, the oldest first."""
        with self._pool.connection(within_s=WITHIN_S) as connection:
            rows = connection.execute(_INCIDENTS).fetchall()
        return [OpenIncident(name, dependency(cause), Level(level), began, told) for name, cause, level, began, told in rows]

    def write(self, standings: Iterable[Standing]) -> None:
        """Write these rows."""
        rows = [_row(standing) for standing in standings]
        if rows:
            with self._pool.connection(within_s=WITHIN_S) as connection:
                connection.cursor().executemany(_WRITE, rows)


def _standing(row: Mapping[str, Any]) -> Standing:
    past = None
    if row["past_began"] is not None and row["past_ended"] is not None:
        past = Trouble(row["past_began"], row["past_ended"], State(row["past_worst"]), row["past_reason"] or "")
    effect = None
    if row["effect_calls"] is not None:
        effect = Effect(row["effect_calls"], row["effect_lost"] or 0, row["effect_instead"], row["effect_added_s"])
    return Standing(
        row["name"],
        State(row["state"]),
        row["reason"],
        row["action"],
        row["since"],
        row["judged_at"],
        row["last_good"],
        effect=effect,
        onset=row["onset"],
        past=past,
    )


def _row(found: Standing) -> dict[str, object]:
    past, effect = found.past, found.effect
    return {
        "name": found.name,
        "state": found.state.value,
        "reason": clean(found.reason),
        "action": clean(found.action),
        "since": found.since,
        "last_good": found.last_good,
        "onset": found.onset,
        "past_began": past.began if past else None,
        "past_ended": past.ended if past else None,
        "past_worst": past.worst.value if past else None,
        "past_reason": clean(past.reason) if past else None,
        "effect_calls": effect.calls if effect else None,
        "effect_lost": effect.lost if effect else None,
        "effect_instead": effect.instead if effect else None,
        "effect_added_s": effect.added_s if effect else None,
        "judged_at": found.seen_at,
    }
