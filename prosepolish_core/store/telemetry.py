"""What the core counted, read back from PostgreSQL: lookups, latency histograms, the ledger, events."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..adapters.postgres_pool import PostgresPool
from ..model.latency import BOUNDS_S, cumulative
from ..model.window import Window
from ..ports import LatencyBuckets, LedgerTotal, LookupCounts
from .faults import store_faults
from .telemetry_plan import LEDGER_KEPT, Plan, plan

_SPANS = "unnest(%(steps)s::integer[], %(starts)s::timestamptz[], %(stops)s::timestamptz[]) AS r(step, start, stop)"
_IN_SPAN = "t.ts >= r.start AND t.ts < r.stop"
_BUCKET = "coalesce(date_bin(%(width)s * interval '1 second', t.ts, timestamptz 'epoch'), %(from)s::timestamptz)"

_LOOKUPS = f"""
SELECT {_BUCKET} AS bucket, t.family, t.tier, t.outcome, sum(t.steps)::bigint, sum(t.answers)::bigint, sum(t.sum_s)
FROM {_SPANS} JOIN telemetry_lookup AS t ON t.step = r.step AND {_IN_SPAN}
GROUP BY bucket, t.family, t.tier, t.outcome ORDER BY bucket, t.family, t.tier, t.outcome"""

# One sum per bound is far cheaper than unnesting every array.
_LATENCY = f"""
SELECT t.family, t.tier, {_BUCKET} AS bucket,
    ARRAY[{", ".join(f"coalesce(sum(t.counts[{i + 1}]), 0)" for i in range(len(BOUNDS_S)))}], sum(t.sum_s)
FROM {_SPANS} JOIN telemetry_lookup AS t ON t.step = r.step AND {_IN_SPAN}
GROUP BY bucket, t.family, t.tier ORDER BY bucket, t.family, t.tier"""

_LEDGER = f"""
SELECT {_BUCKET} AS bucket, t.kind, t.model, sum(t.calls)::bigint, sum(t.unpriced)::bigint, sum(t.prompt)::bigint,
    sum(t.cached)::bigint, sum(t.output)::bigint, sum(t.thoughts)::bigint, sum(t.cost_usd), sum(t.duration_s)
FROM {_SPANS} CROSS JOIN LATERAL (
    SELECT ts, kind, model, calls, unpriced, prompt, cached, output, thoughts, cost_usd, duration_s
    FROM llm_ledger_hour AS t WHERE r.step = 3600 AND {_IN_SPAN}
    UNION ALL
    SELECT ts, kind, model, calls, CASE WHEN cost_usd IS NULL THEN calls ELSE 0 END, prompt, cached, output, thoughts,
        coalesce(cost_usd, 0), duration_s
    FROM llm_ledger AS t WHERE r.step = 1 AND {_IN_SPAN}
) AS t
GROUP BY bucket, t.kind, t.model ORDER BY bucket, t.kind, t.model"""

_EVENTS = f"""
SELECT t.name, sum(t.amount)::bigint FROM {_SPANS} JOIN telemetry_event AS t ON t.step = r.step AND {_IN_SPAN}
GROUP BY t.name ORDER BY t.name"""

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
        return [LookupCounts(*row) for row in self._read(_LOOKUPS, window, plan(window, points, self._now()))]

    def latency(self, window: Window, points: int = 1) -> list[LatencyBuckets]:
        """Histograms per family and tier; `counts` is cumulative, its last number is all calls."""
        rows = self._read(_LATENCY, window, plan(window, points, self._now()))
        return [
            LatencyBuckets(family, tier, ts, BOUNDS_S, cumulative([int(n) for n in counts]), sum_s)
            for family, tier, ts, counts, sum_s in rows
        ]

    def ledger(self, window: Window, points: int = 1) -> list[LedgerTotal]:
        """LLM calls paid and avoided, exact to the row at both ends of the window."""
        chosen = plan(window, points, self._now(), LEDGER_KEPT)
        return [LedgerTotal(*row) for row in self._read(_LEDGER, window, chosen)]

    def events(self, window: Window) -> Mapping[str, int]:
        """Named events summed over the window."""
        return dict(self._read(_EVENTS, window, plan(window, 1, self._now())))

    def newest(self) -> datetime | None:
        """The newest bucket that was flushed, or None."""
        found: datetime | None = self._query(_NEWEST, {})[0][0]
        return found

    def _read(self, statement: str, window: Window, chosen: Plan) -> list[tuple[Any, ...]]:
        return self._query(
            statement,
            {
                "width": chosen.width_s,
                "from": window.start,
                "steps": [span.step for span in chosen.spans],
                "starts": [span.start for span in chosen.spans],
                "stops": [span.stop for span in chosen.spans],
            },
        )

    def _query(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with store_faults(), self._pool.connection() as connection:
            return connection.execute(statement, values).fetchall()
