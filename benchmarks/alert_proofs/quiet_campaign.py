"""How often is somebody called for nothing in 28 quiet days, and how long does it take to replay 30 days?

One filled store serves both. The public collections are replayed on the same history, sorted and counted alike.
"""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks._samples import database
from demo.history.fill import fill
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.health import Level
from prosepolish_core.model.window import Window
from prosepolish_core.watch.alerts.backtest import Backtest, backtest
from prosepolish_core.watch.alerts.rule import Rule
from prosepolish_core.watch.alerts.rules import RULES
from prosepolish_core.watch.alerts.stored_history import StoredHistory

from .proof import Proof
from .public_rules import COLLECTIONS
from .quiet_world import quiet

#: Days of the whole month and of its slice; a week before them is filled, with which some rules compare.
DAYS, FEW_DAYS, WEEK = 28, 3, 7
REPLAYED_DAYS, ROUNDS = 30, 5
FALSE_PAGES, REPLAY_S = 0.5, 3.0


def run(seed: int, full: bool) -> Iterator[Proof]:
    """The rows of the quiet month."""
    days = DAYS if full else FEW_DAYS
    until = time.time() // 60 * 60
    with database() as (pool, _url):
        began = time.perf_counter()
        fill(pool, *quiet(until, days + WEEK, seed))
        print(f"{days + WEEK} quiet days filled in {time.perf_counter() - began:.0f} s", flush=True)
        ours = _replayed(pool, until, days, RULES)
        for change in ours.changes:
            if change.level is not Level.OK:
                at = datetime.fromtimestamp(change.at, UTC)
                print(f"  false: {at:%a %H:%M} {change.rule} {dict(change.labels)} at {change.value}")
        rate = ours.pages_a_week
        yield Proof(
            f"{days} quiet days with peaks, deploys, restarts: false pages a week",
            f"<= {FALSE_PAGES}",
            f"{rate:.2f} ({ours.pages} pages, {len(RULES)} rules)",
            rate <= FALSE_PAGES and not ours.broken,
        )
        for source, rules in COLLECTIONS.items():
            theirs = _replayed(pool, until, days, rules)
            yield Proof(f"the same by {source}", "-", f"{theirs.pages_a_week:.2f} ({theirs.pages} pages, {len(rules)} rules)")
        yield _speed(pool, until, min(REPLAYED_DAYS, days + WEEK))


def _replayed(pool: PostgresPool, until: float, days: int, rules: tuple[Rule, ...]) -> Backtest:
    end = datetime.fromtimestamp(until, UTC)
    history = StoredHistory(pool, Window(end - timedelta(days=days), end), 60.0, rules)
    return backtest(rules, history, history.instants)


def _speed(pool: PostgresPool, until: float, days: int) -> Proof:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        _replayed(pool, until, days, RULES)
        took.append(time.perf_counter() - began)
    median = statistics.median(took)
    return Proof(
        f"{days} days backtested for all {len(RULES)} rules",
        f"<= {REPLAY_S:g} s",
        f"median {median:.2f} s of {ROUNDS} (longest {max(took):.2f} s)",
        median <= REPLAY_S,
    )
