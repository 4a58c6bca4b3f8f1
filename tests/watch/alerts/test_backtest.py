"""watch/alerts/backtest.py over a real store: the past told again as the collectors told it when it was the present."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from demo.history.counts import counted
from demo.history.courses import streams
from demo.history.faults import fault
from demo.history.fill import fill
from demo.history.knobs import Knobs, world
from demo.history.runs import runs_at
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.alert import AlertChange
from prosepolish_core.model.series import Mark
from prosepolish_core.model.window import Window
from prosepolish_core.watch.alerts.backtest import backtest
from prosepolish_core.watch.alerts.evaluator import Evaluator
from prosepolish_core.watch.alerts.instance_rules import INSTANCES
from prosepolish_core.watch.alerts.memory import AlertMemory
from prosepolish_core.watch.alerts.replay import replay
from prosepolish_core.watch.alerts.rules import BY_NAME, RULES
from prosepolish_core.watch.alerts.stored_history import StoredHistory
from prosepolish_core.watch.series.sample_store import SampleStore

pytestmark = pytest.mark.live
BEGAN = 1_800_000_000.0


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    pool = PostgresPool(database_url, size=4, role="test")
    yield pool
    pool.close()


def instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def broken_world(at: np.ndarray, *kinds: tuple[str, float]) -> Knobs:
    knobs = world(at, np.random.default_rng(1))
    for kind, begins in kinds:
        fault(kind, at[0] + begins).turn(knobs)
    return knobs


def test_history_in_the_store_fires_the_rules_that_fired_when_it_was_read(pool: PostgresPool) -> None:
    """The same runs, through the collectors' memory look by look, and from the store at once."""
    at = BEGAN + 10.0 * np.arange(240)
    knobs = broken_world(at, ("cache_killed", 300.0), ("state_flushed", 700.0), ("state_refusing", 1200.0), ("replica_lag", 1500.0))
    courses, store = list(streams(knobs)), SampleStore(pool)
    memory, evaluator, live = AlertMemory.of(rule.value for rule in INSTANCES), Evaluator(INSTANCES), list[AlertChange]()
    for place, now in enumerate(at.tolist()):
        runs = list(runs_at(courses, now, place))
        store.write(runs)
        memory.hear(runs)
        live += evaluator.look(memory, now)

    stored = StoredHistory(pool, Window(instant(at[0]), instant(at[-1] + 1)), 10.0, INSTANCES)
    changes, broken = replay(INSTANCES, stored, at)

    assert broken == {}
    told = [(c.at - BEGAN, c.rule, dict(c.labels).get("instance"), c.level.value) for c in changes]
    assert told == [(c.at - BEGAN, c.rule, dict(c.labels).get("instance"), c.level.value) for c in live]
    assert {rule for _, rule, _, _ in told} == {
        "instance_down",
        "cache_flushed",
        "connections_rejected",
        "connections_near_limit",
        "replica_lag",
    }


def test_two_simulated_days_are_filled_and_their_faults_found(pool: PostgresPool) -> None:
    """Roll-ups, raw hours and counts agree with what was simulated; each fault is found, and after its mark."""
    end = datetime.now(UTC).timestamp() // 60 * 60
    at = end - 2 * 86_400 + 60.0 * np.arange(2 * 1440)
    knobs = broken_world(at, ("postgres_stopped", 50_000.0), ("gemini_503", 100_000.0))
    counts = counted(knobs, np.random.default_rng(2))
    fill(pool, at, list(streams(knobs)), counts)
    window = Window(instant(at[0]), instant(end))
    rules = [BY_NAME["postgres_down"], BY_NAME["failing_gemini"], BY_NAME["instance_down"]]

    history = StoredHistory(pool, window, 60.0, rules)
    marks = [Mark(instant(at[0] + 50_000), "note", "PostgreSQL stops")]
    done = backtest(rules, history, history.instants, marks=marks)

    assert [incident.cause for incident in done.incidents] == ["postgres", "gemini"]
    assert done.pages == 2
    assert (done.found[0].rule, done.found[0].after_s) == ("postgres_down", 160.0)
    steps = {c.labels: c.value[-1] for c in history.courses("tier_requests")}
    assert sum(steps.values()) == sum(c.steps.sum() for c in counts)
    assert SampleStore(pool).simulated() == [window]


def test_every_shipped_rule_is_evaluated_over_the_store(pool: PostgresPool) -> None:
    """None breaks, on a store that holds nothing."""
    now = datetime.now(UTC)
    history = StoredHistory(pool, Window(now - timedelta(hours=1), now), 10.0, RULES)

    done = backtest(RULES, history, history.instants)

    assert (done.changes, done.broken, done.pages) == ([], {}, 0)
