"""One incident on a real store: the same numbers a month later, and what is told of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from dashboard.views import incident, incidents
from dashboard.views.incident import IncidentView
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.counts import LedgerRow, LookupDelta, TelemetryBatch
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import FiredAlert, Incident, IncidentEvent
from prosepolish_core.model.latency import BOUNDS_S
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.model.series import Mark
from prosepolish_core.watch.alerts.alert_store import AlertStore
from prosepolish_core.watch.alerts.counting import settle
from prosepolish_core.watch.counts.reader import PostgresTelemetry
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter
from prosepolish_core.watch.series.marks import add_mark
from prosepolish_core.watch.series.retention import Kept, maintain, retain
from prosepolish_core.watch.series.sample_store import SampleStore

pytestmark = pytest.mark.live

BEGAN = datetime(2026, 10, 20, 3, 19, 32, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=7)
ID = "20261020T031932Z-cache"
DOWN = FiredAlert("instance_down", (("instance", "cache"),), Level.CRITICAL, BEGAN.timestamp(), BEGAN.timestamp() + 30)
ALERT = FiredAlert(**{f: getattr(DOWN, f) for f in DOWN.__slots__} | {"resolved_at": ENDED.timestamp()})
INCIDENT = Incident(
    ID,
    "cache",
    Level.CRITICAL,
    BEGAN.timestamp(),
    ENDED.timestamp(),
    (ALERT,),
    events=(
        IncidentEvent(BEGAN.timestamp() + 30, "fired", "instance_down", DOWN.labels, Level.CRITICAL, 0.0),
        IncidentEvent(BEGAN.timestamp() + 40, "told", level=Level.CRITICAL, text="webhook: an incident began"),
        IncidentEvent(ENDED.timestamp(), "resolved", "instance_down", DOWN.labels, Level.OK, 1.0),
        IncidentEvent(ENDED.timestamp(), "ended"),
    ),
)


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    made = PostgresPool(database_url, size=4, role="test")
    yield made
    made.close()


def core_at(pool: PostgresPool, now: datetime) -> Any:
    """What the views ask of a Core, at this moment."""
    settings = SimpleNamespace(alert_urls=None, alert_webhook_url=None)
    telemetry = PostgresTelemetry(pool, now=lambda: now)
    return SimpleNamespace(alerts=AlertStore(pool), samples=SampleStore(pool), telemetry=telemetry, config=settings)


def counted(ts: datetime, tier: str, outcome: str, answers: int, sum_s: float) -> LookupDelta:
    """Calls of one bucket of ten seconds."""
    counts = [0] * len(BOUNDS_S)
    counts[5] = answers
    return LookupDelta(ts, "dict", tier, outcome, answers, answers, sum_s, tuple(counts))


def fill(pool: PostgresPool) -> None:
    """Two hours: Redis answers; during the incident PostgreSQL does, some calls fail, and twice as many are paid."""
    writer = PostgresTelemetryWriter(pool)
    lookups, paid = [], []
    for second in range(-3600, 3600, 10):
        ts = BEGAN.replace(second=30) + timedelta(seconds=second)
        broken = timedelta(0) <= ts + timedelta(seconds=10) - BEGAN <= ENDED - BEGAN + timedelta(seconds=10)
        tier, seconds = ("postgres", 0.06) if broken else ("redis", 0.003)
        lookups.append(counted(ts, tier, "hit", 6, seconds))
        if broken:
            lookups.append(counted(ts, "gemini", "error", 1, 0.1))
        if second % 60 == 0 or broken:
            call = LlmCall("paid", "define", "m", 10, 0, 10, 0, Decimal("0.0005"), "2026-01-01", 1.0)
            paid.append(LedgerRow(ts + timedelta(seconds=3), call))
    writer.write(TelemetryBatch(uuid4(), 1, tuple(lookups), ledger=tuple(paid)))
    store, start = SampleStore(pool), int(BEGAN.timestamp()) // 60 * 60 - 7200
    runs = []
    for n, tick in enumerate(range(start, start + 14_400, 20)):
        samples = (Sample("used_memory", 1e6 + n % 7, Kind.GAUGE, "bytes"), Sample("connected_clients", 5.0))
        ts = datetime.fromtimestamp(tick, UTC)
        runs.append(Run("redis_info", "cache", tick, ts, 0.01, RunOutcome.OK, samples, {"run_id": "a"}))
    store.write(runs)
    add_mark(pool, Mark(BEGAN - timedelta(minutes=4), "deploy", "v1.4"))
    add_mark(pool, Mark(BEGAN - timedelta(minutes=2), "config", "state: hz 10 → 20", "state"))
    add_mark(pool, Mark(ENDED - timedelta(minutes=1), "restart", "cache restarted", "cache"))


def shown(view: IncidentView) -> list[Any]:
    """Every number on the page."""
    assert view.report is not None
    arrays = [view.calls.ts, view.calls.failed, view.calls.mean_s, view.paid_ts, view.paid, *view.calls.answered.values()]
    arrays += [part for series in view.gauges for part in (series.ts, series.mean, series.low, series.high, series.last)]
    return [view.report.effect, list(view.report.rows), view.window, *(a.tolist() for a in arrays)]


def test_an_incident_shows_the_same_numbers_a_month_later(pool: PostgresPool) -> None:
    """Its effect, its timeline and its charts, after raw samples and fine counts are gone."""
    fill(pool)
    alerts = AlertStore(pool)
    alerts.keep([INCIDENT])
    soon, later = ENDED + timedelta(hours=2), ENDED + timedelta(days=30)
    assert settle(alerts, core_at(pool, soon).telemetry, ENDED + timedelta(seconds=59)) == 0
    assert settle(alerts, core_at(pool, soon).telemetry, soon) == 1
    first = shown(incident.build(core_at(pool, soon), ID, soon))
    maintain(pool, Kept(), later)
    retain(pool, Kept(), later)
    assert PostgresTelemetryWriter(pool).tidy(later)["telemetry_lookup"] > 100
    with pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM sample_run").fetchone() == (0,)

    second = shown(incident.build(core_at(pool, later), ID, later))
    assert repr(second) == repr(first)  # a bucket without a reading is NaN, which equals nothing
    effect = first[0]
    assert (effect.calls, effect.failed, effect.usual_failed) == (43 * 7, 43, 0)
    assert effect.answered == {"postgres": 43 * 6}
    assert effect.usual_answered == {"redis": 301.0}
    assert (effect.paid, effect.extra_paid) == (43, 34.6)


def test_the_timeline_has_what_changed_just_before_and_no_other_servers_marks(pool: PostgresPool) -> None:
    """Marks, what fired, who was told, the end, and what people wrote, in their order."""
    fill(pool)
    alerts = AlertStore(pool)
    alerts.keep([INCIDENT])
    alerts.add_note(ID, "ann", "the *disk* was full")
    alerts.add_note(ID, "bob", "", acknowledge=True)
    report = incident.build(core_at(pool, ENDED), ID, ENDED).report

    assert report is not None
    assert [(row.kind, row.text) for row in report.rows] == [
        ("deploy", "v1.4"),
        ("fired", "Redis cache at 0"),
        ("told", "webhook: an incident began"),
        ("restart", "cache restarted"),
        ("resolved", "Redis cache at 1"),
        ("ended", ""),
        ("note", "ann: the *disk* was full"),
        ("acknowledged", "bob"),
    ]
    assert (report.acknowledged_by, report.settled) == ("bob", False)


def test_the_list_has_those_that_go_on_first(pool: PostgresPool) -> None:
    """The worst of them first; each with its effect and who took it."""
    alerts, now = AlertStore(pool), ENDED + timedelta(hours=1)
    goes_on = Incident("x-state", "state", Level.WARNING, BEGAN.timestamp() - 900)
    worse = Incident("y-postgres", "postgres", Level.CRITICAL, BEGAN.timestamp())
    alerts.keep([INCIDENT, goes_on, worse])
    alerts.add_note(worse.id, "ann", "", acknowledge=True)
    view = incidents.build(core_at(pool, now), now)

    assert [(row.id, row.over, row.acknowledged_by) for row in view.rows] == [
        ("y-postgres", False, "ann"),
        ("x-state", False, ""),
        (ID, True, ""),
    ]
    assert (view.rows[-1].told, view.rows[-1].lasted_s, view.told) == ("not counted yet", 420.0, False)


def test_there_is_no_page_of_an_incident_that_is_not_there(pool: PostgresPool) -> None:
    """Whatever the link says."""
    for name in ("none", "x' OR 1=1", "\0", "\ud800"):
        assert incident.build(core_at(pool, ENDED), name, ENDED).report is None
