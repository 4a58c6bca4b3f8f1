"""The core's counts of a long stretch as columns, for rules that are replayed: no row passes through Python."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from psycopg.sql import SQL

from ...drivers.postgres_pool import Connection
from ...model.latency import BOUNDS_S
from ...model.sample import Labels
from ...model.series import Numbers
from ...model.window import Window
from ..series.packing import EPOCH_S
from ..series.pg_arrays import bind, read_columns

_WHICH = """
SELECT DISTINCT family, tier, outcome FROM telemetry_lookup WHERE step = {step} AND ts >= {first} AND ts < {end}"""
_COUNTS = """
SELECT c.code, t.ts, t.steps, t.answers FROM telemetry_lookup t
JOIN unnest({families}::text[], {tiers}::text[], {outcomes}::text[]) WITH ORDINALITY AS c (family, tier, outcome, code)
    ON (c.family, c.tier, c.outcome) = (t.family, t.tier, t.outcome)
WHERE t.step = {step} AND t.ts >= {first} AND t.ts < {end} ORDER BY t.ts"""
_TIMES = """
SELECT c.code, date_bin({width} * interval '1 second', t.ts, timestamptz 'epoch') AS bin, {sums} FROM telemetry_lookup t
JOIN unnest({tiers}::text[]) WITH ORDINALITY AS c (tier, code) ON c.tier = t.tier
WHERE t.step = {step} AND t.ts >= {first} AND t.ts < {end} AND t.outcome <> 'refused' GROUP BY 1, 2 ORDER BY 2"""


class CountColumn(NamedTuple):
    """What was counted of one thing: the end of each bucket that holds any, and how much."""

    labels: Labels
    at: Numbers
    steps: Numbers
    answers: Numbers


class TimeColumns(NamedTuple):
    """Calls of a tier by time taken: the end of each bucket, and for each bound (not cumulative) how many."""

    tier: str
    at: Numbers
    counts: Numbers


def count_columns(connection: Connection, window: Window, step: int) -> list[CountColumn]:
    """Every family, tier and outcome of the window, bucket by bucket."""
    bounds: dict[str, object] = {"step": step, "first": window.start, "end": window.end}
    which = connection.execute(bind(_WHICH, **bounds)).fetchall()
    if not which:
        return []
    families, tiers, outcomes = map(list, zip(*which, strict=True))
    query = bind(_COUNTS, families=families, tiers=tiers, outcomes=outcomes, **bounds)
    rows = read_columns(connection, query, ["code", "ts", "steps", "answers"])
    at = rows["ts"] / 1e6 + EPOCH_S + step
    found = []
    for code, (family, tier, outcome) in enumerate(which, start=1):
        mine = rows["code"] == code
        labels: Labels = (("family", family), ("outcome", outcome), ("tier", tier))
        found.append(CountColumn(labels, at[mine], rows["steps"][mine].astype(float), rows["answers"][mine].astype(float)))
    return found


def time_columns(connection: Connection, window: Window, step: int, width: int, tiers: Sequence[str]) -> list[TimeColumns]:
    """The latency histograms of these tiers over all families, in buckets of `width` seconds."""
    names = [f"b{n}" for n in range(1, len(BOUNDS_S) + 1)]
    sums = SQL(", ").join(SQL(f"coalesce(sum(t.counts[{n}]), 0)::bigint") for n in range(1, len(BOUNDS_S) + 1))
    query = bind(_TIMES, sums=sums, tiers=list(tiers), step=step, width=width, first=window.start, end=window.end)
    rows = read_columns(connection, query, ["code", "bin", *names])
    if not len(rows["code"]):
        return []
    at = rows["bin"] / 1e6 + EPOCH_S + width
    counts = np.column_stack([rows[name] for name in names]).astype(float)
    return [TimeColumns(t, at[m], counts[m]) for n, t in enumerate(tiers, 1) if (m := rows["code"] == n).any()]
