"""A simulated past into a new store: samples, counts, marks, dollars, and the incidents that the rules find in it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.live.llm.price_table import PriceTable
from prosepolish_core.model.incident import Incident
from prosepolish_core.model.window import Window
from prosepolish_core.watch.alerts.alert_store import AlertStore
from prosepolish_core.watch.alerts.backtest import backtest
from prosepolish_core.watch.alerts.counting import settle
from prosepolish_core.watch.alerts.rules import RULES
from prosepolish_core.watch.alerts.stored_history import StoredHistory
from prosepolish_core.watch.counts.reader import PostgresTelemetry
from prosepolish_core.watch.series.marks import add_marks

from .counts import counted
from .courses import streams
from .dollars import copy_dollars
from .fill import fill
from .knobs import DAY_S
from .past import MINUTE_S, SimulatedPast, past

#: Nobody was told of what never happened.
TELLING = frozenset({"told", "not_told", "muted"})


def write(pool: PostgresPool, until: float, days: int, seed: int, *, model: str, prices: PriceTable) -> list[Incident]:
    """Fill the store with the days before `until`, the beginning of a minute; gives the incidents, oldest first."""
    told = past(until, days, seed)
    _fill(pool, told, seed, model, prices)
    window = Window(datetime.fromtimestamp(until - days * DAY_S, UTC), datetime.fromtimestamp(until, UTC))
    incidents = list(_found(pool, window))
    alerts, telemetry = AlertStore(pool), PostgresTelemetry(pool)
    alerts.keep(incidents)
    while settle(alerts, telemetry, datetime.now(UTC)):
        continue
    return incidents


def _fill(pool: PostgresPool, told: SimulatedPast, seed: int, model: str, prices: PriceTable) -> None:
    at = told.knobs.at
    counts = counted(told.knobs, np.random.default_rng(seed + 1))
    fill(pool, at, list(streams(told.knobs)), counts)
    with pool.connection() as connection:
        connection.execute("SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = '120s'")
        add_marks(connection, told.marks)
        copy_dollars(connection, at, counts, model, prices)


def _found(pool: PostgresPool, window: Window) -> Iterator[Incident]:
    """What the rules would have said, looked at each minute; what is not over by the end belongs to nobody."""
    rules = [rule for rule in RULES if rule.tells]
    history = StoredHistory(pool, window, MINUTE_S, rules)
    for incident in backtest(rules, history, history.instants).incidents:
        if incident.ended is not None:
            yield replace(incident, events=tuple(event for event in incident.events if event.kind not in TELLING))
