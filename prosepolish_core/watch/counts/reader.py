"""What the core counted, read back from PostgreSQL: lookups, latency histograms, the ledger, events."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from ...drivers.postgres_pool import PostgresPool
from ...model.counts import AccessChunk, EventCounts, LatencyBuckets, LedgerTotal, LookupCounts
from ...model.latency import BOUNDS_S, cumulative
from ...model.window import Window
from .reader_plan import LEDGER_KEPT, ReaderPlan, plan

_BUCKET = "coalesce(date_bin(%(width)s * interval '1 second', t.ts, timestamptz 'epoch'), %(from)s::timestamptz)"

_LOOKUPS = f"""
SELECT {_BUCKET} AS bucket, t.family, t.tier, t.outcome, sum(t.steps)::bigint, sum(t.answers)::bigint, sum(t.sum_s)
FROM ({{spans}}) AS t GROUP BY bucket, t.family, t.tier, t.outcome ORDER BY bucket, t.family, t.tier, t.outcome"""

# Refused steps (paced, rejected) say how fast somebody said no, not how fast the tier works.
# One sum per bound is far cheaper than unnesting every array.
_LATENCY = f"""
SELECT t.family, t.tier, {_BUCKET} AS bucket,
    ARRAY[{", ".join(f"coalesce(sum(t.counts[{i + 1}]), 0)" for i in range(len(BOUNDS_S)))}], sum(t.sum_s)
FROM ({{spans}}) AS t WHERE t.outcome <> 'refused' GROUP BY bucket, t.family, t.tier ORDER BY bucket, t.family, t.tier"""

_LEDGER = f"""
SELECT {_BUCKET} AS bucket, t.kind, t.model, sum(t.calls)::bigint, sum(t.unpriced)::bigint, sum(t.prompt)::bigint,
    sum(t.cached)::bigint, sum(t.output)::bigint, sum(t.thoughts)::bigint, sum(t.cost_usd), sum(t.duration_s), t.task,
    sum(t.then_usd), sum(t.then_unpriced)::bigint, t.line, t.provenance, t.also_postgres, t.price_date, t.price_source,
    sum(t.unknown)::bigint, sum(t.sent)::bigint, sum(t.discount_usd)
FROM ({{spans}}) AS t
GROUP BY bucket, t.kind, t.model, t.task, t.line, t.provenance, t.also_postgres, t.price_date, t.price_source
HAVING sum(t.calls) > 0
ORDER BY bucket, t.kind, t.model, t.task, t.line, t.provenance, t.also_postgres, t.price_date, t.price_source"""

_EVENTS = "SELECT t.name, sum(t.amount)::bigint FROM ({spans}) AS t GROUP BY t.name ORDER BY t.name"

_EVENT_COURSES = f"""
SELECT {_BUCKET} AS bucket, t.name, sum(t.amount)::bigint FROM ({{spans}}) AS t
WHERE split_part(t.name, ':', 1) = ANY(%(names)s::text[]) GROUP BY bucket, t.name ORDER BY bucket, t.name"""

_SINCE = """SELECT min(s.ts) FROM unnest(%(of)s::text[]) AS p(name), LATERAL (
    SELECT ts FROM llm_ledger WHERE provenance = p.name ORDER BY ts LIMIT 1) AS s"""

# The rows of one span. One SELECT each, so that the planner sees its bounds and reads that part of the index alone.
_OF_STEP = "SELECT * FROM {table} WHERE step = {step} AND ts >= %(start{i})s AND ts < %(stop{i})s"
_LOOKUP_SPAN, _EVENT_SPAN = _OF_STEP.replace("{table}", "telemetry_lookup"), _OF_STEP.replace("{table}", "telemetry_event")
_APART = "ts, kind, model, task, line, provenance, also_postgres, price_date, price_source"
_NUMBERS = "calls, prompt, cached, output, thoughts, duration_s"
_SINGLE = f"""{_NUMBERS}, coalesce(cost_usd, 0) AS cost_usd, coalesce(discount_usd, 0) AS discount_usd,
    CASE WHEN cost_usd IS NULL AND state IN ('priced', 'unpriced') THEN calls ELSE 0 END AS unpriced,
    CASE WHEN state = 'unknown' THEN calls ELSE 0 END AS unknown, CASE WHEN state = 'sent' THEN calls ELSE 0 END AS sent,
    coalesce(then_usd, 0) AS then_usd, CASE WHEN then_usd IS NULL THEN calls ELSE 0 END AS then_unpriced"""
_HOURS = f"{_NUMBERS}, cost_usd, discount_usd, unpriced, unknown, sent, then_usd, then_unpriced"
_LEDGER_SPAN = {
    1: f"SELECT {_APART}, {_SINGLE} FROM llm_ledger WHERE ts >= %(start{{i}})s AND ts < %(stop{{i}})s",
    3600: f"SELECT {_APART}, {_HOURS} FROM llm_ledger_sum WHERE ts >= %(start{{i}})s AND ts < %(stop{{i}})s",
}

_ACCESSES = """
SELECT ts, family, rate, records FROM access_chunk
WHERE ts >= %(from)s AND ts < %(to)s AND records IS NOT NULL ORDER BY ts, id"""

# Compiling these sums takes longer than running them; and rows of one time lie together, which the planner does not
# know.
_PLANNING = "SET LOCAL jit = off; SET LOCAL random_page_cost = 1.0; SET LOCAL seq_page_cost = 1.0"

_NEWEST = """
SELECT coalesce((SELECT max(ts) FROM telemetry_lookup WHERE step = 10), (SELECT max(ts) FROM telemetry_lookup WHERE step = 60),
    (SELECT max(ts) FROM telemetry_lookup WHERE step = 3600))"""


def _now() -> datetime:
    return datetime.now(UTC)


class PostgresTelemetry:
    """Implements ports.TelemetryReader."""

    def __init__(self, pool: PostgresPool, now: Callable[[], datetime] = _now) -> None:
        self._pool = pool
        self._now = now

    def lookups(self, window: Window, points: int = 300) -> list[LookupCounts]:
        """Counts per bucket, family, tier and outcome, oldest first."""
        return [LookupCounts(*row) for row in self._read(_LOOKUPS, _LOOKUP_SPAN, window, plan(window, points, self._now()))]

    def latency(self, window: Window, points: int = 1) -> list[LatencyBuckets]:
        """Histograms per family and tier; `counts` is cumulative, its last number is all timed calls."""
        rows = self._read(_LATENCY, _LOOKUP_SPAN, window, plan(window, points, self._now()))
        return [
            LatencyBuckets(family, tier, ts, BOUNDS_S, cumulative([int(n) for n in counts]), sum_s)
            for family, tier, ts, counts, sum_s in rows
        ]

    def ledger(self, window: Window, points: int = 1) -> list[LedgerTotal]:
        """LLM calls paid and avoided, exact to the row at both ends of the window."""
        chosen = plan(window, points, self._now(), LEDGER_KEPT)
        return [LedgerTotal(*row) for row in self._read(_LEDGER, _LEDGER_SPAN, window, chosen)]

    def ledger_since(self, provenance: Collection[str]) -> datetime | None:
        """The instant of the oldest row of one of these; None without any."""
        found: datetime | None = self._query(_SINCE, {"of": list(provenance)})[0][0]
        return found

    def events(self, window: Window) -> Mapping[str, int]:
        """Named events summed over the window."""
        return dict(self._read(_EVENTS, _EVENT_SPAN, window, plan(window, 1, self._now())))

    def event_courses(self, names: Collection[str], window: Window, points: int = 300) -> list[EventCounts]:
        """Events of these names per bucket, oldest first; "name" also means every "name:detail"."""
        chosen = plan(window, points, self._now())
        return [EventCounts(*row) for row in self._read(_EVENT_COURSES, _EVENT_SPAN, window, chosen, names=list(names))]

    def accesses(self, window: Window) -> list[AccessChunk]:
        """The access trace: chunks that begin in the window, oldest first."""
        with self._pool.connection() as connection:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(_ACCESSES, {"from": window.start, "to": window.end}).fetchall()
        return [AccessChunk(*row) for row in rows]

    def newest(self) -> datetime | None:
        """The newest bucket that was flushed, or None."""
        found: datetime | None = self._query(_NEWEST, {})[0][0]
        return found

    def _read(
        self, statement: str, part: str | Mapping[int, str], window: Window, chosen: ReaderPlan, **more: object
    ) -> list[tuple[Any, ...]]:
        values: dict[str, Any] = {"width": chosen.width_s, "from": window.start, **more}
        parts = []
        for i, span in enumerate(chosen.spans):
            parts.append((part if isinstance(part, str) else part[span.step]).format(step=span.step, i=i))
            values |= {f"start{i}": span.start, f"stop{i}": span.stop}
        return self._query(statement.format(spans=" UNION ALL ".join(parts)), values) if parts else []

    def _query(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with self._pool.connection() as connection:
            connection.execute(_PLANNING)
            return connection.execute(statement, values).fetchall()
