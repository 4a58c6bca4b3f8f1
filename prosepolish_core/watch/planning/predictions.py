"""Predictions that somebody kept, and what came of each after the setting was changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import orjson

from ...calc.ledger_sums import measured
from ...drivers.postgres_pool import PostgresPool
from ...model.outcome import ANSWERED, Tier
from ...model.series import Mark
from ...model.whatif import Banded, WhatIfPlan
from ...model.window import Window
from ...ports import TelemetryReader

#: Marks that a change of the setting leaves; a time to live is changed by a deploy.
CHANGES = frozenset({"deploy", "config"})
#: So long after the mark the counting begins, as the cache warms up; and so long it lasts at least, and at most.
SETTLES, LEAST, MOST = timedelta(hours=1), timedelta(hours=1), timedelta(days=7)
MONTH = timedelta(days=30)
SHOWN = 10


class Prediction(NamedTuple):
    """One that was kept: the change as it was asked for, and the hit rates it was to bring."""

    at: datetime
    change: str
    hits: Mapping[str, Banded]
    saved_usd: Banded | None


class LookedBack(NamedTuple):
    """A prediction, the mark of the change after it, and the hit rates counted since; empty while nobody knows.

    `before` are those of as long a time up to the mark; `saved_usd` is by how much less was paid for the LLM since
    than in that time, for a month of 30 days.
    """

    prediction: Prediction
    mark: Mark | None
    window: Window | None
    came: Mapping[str, float]
    before: Mapping[str, float] = {}
    saved_usd: Decimal | None = None


def keep(pool: PostgresPool, at: datetime, change: str, plan: WhatIfPlan) -> None:
    """Keep what a plan predicts."""
    hits = {row.family: list(row.hit) for row in plan.scenario.families if row.hit is not None}
    saved = None if plan.saved_usd is None else list(plan.saved_usd)
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO prediction (at, change, hits, saved_usd) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (at, change, orjson.dumps(hits).decode(), saved),
        )


def kept(pool: PostgresPool) -> list[Prediction]:
    """The newest ones."""
    query = "SELECT at, change, hits, saved_usd FROM prediction ORDER BY at DESC LIMIT %s"
    with pool.connection() as connection:
        rows = connection.execute(query, (SHOWN,)).fetchall()
    return [
        Prediction(at, change, {family: Banded(*numbers) for family, numbers in hits.items()}, saved and Banded(*saved))
        for at, change, hits, saved in rows
    ]


def look_back(
    predictions: Sequence[Prediction], marks: Sequence[Mark], telemetry: TelemetryReader, now: datetime
) -> list[LookedBack]:
    """Each beside what came: counted from an hour after the first mark of a change on, until the next change."""
    found = []
    for prediction in predictions:
        changes = sorted((m for m in marks if m.kind in CHANGES and m.ts > prediction.at), key=lambda m: m.ts)
        window = _since(changes, now)
        if window is None:
            found.append(LookedBack(prediction, changes[0] if changes else None, None, {}))
            continue
        up_to = Window(changes[0].ts - (window.end - window.start), changes[0].ts)
        less = _paid(telemetry, up_to) - _paid(telemetry, window)
        saved = less * Decimal(MONTH.total_seconds()) / Decimal(window.seconds)
        found.append(LookedBack(prediction, changes[0], window, hit_rates(telemetry, window), hit_rates(telemetry, up_to), saved))
    return found


def _paid(telemetry: TelemetryReader, window: Window) -> Decimal:
    return measured(telemetry.ledger(window)).paid.usd


def _since(changes: Sequence[Mark], now: datetime) -> Window | None:
    if not changes:
        return None
    start = changes[0].ts + SETTLES
    end = min([now, start + MOST, *(m.ts for m in changes[1:])])
    return Window(start, end) if end - start >= LEAST else None


def hit_rates(telemetry: TelemetryReader, window: Window) -> dict[str, float]:
    """Answers of Redis among all answers, by family, as counted."""
    hits: dict[str, int] = {}
    answers: dict[str, int] = {}
    for row in telemetry.lookups(window, 1):
        answers[row.family] = answers.get(row.family, 0) + row.answers
        if row.tier == Tier.REDIS and row.outcome in ANSWERED:
            hits[row.family] = hits.get(row.family, 0) + row.answers
    return {family: hits.get(family, 0) / total for family, total in answers.items() if total}
