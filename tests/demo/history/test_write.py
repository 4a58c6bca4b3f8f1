"""demo/history/write.py on a real store: the story that was composed is the story that is found."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from demo.cli import up
from demo.embedded.ports import free_port
from demo.history.past import INCIDENTS, past
from demo.history.write import write
from prosepolish_core.config import Config
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.live.llm.price_table import PriceTable
from prosepolish_core.model.provenance import Provenance
from prosepolish_core.model.window import Window
from prosepolish_core.watch.alerts.alert_store import AlertStore
from prosepolish_core.watch.alerts.incident_report import is_simulated, read
from prosepolish_core.watch.alerts.post_mortem import markdown
from prosepolish_core.watch.alerts.rules import BY_NAME
from prosepolish_core.watch.counts.reader import PostgresTelemetry
from prosepolish_core.watch.series.sample_store import SampleStore
from prosepolish_core.watch.series.simulated import is_new
from tests.dashboard.stack import NOWHERE

pytestmark = pytest.mark.live
DAYS = 7
#: Which dependency each incident is about, in their order.
CAUSES = {
    "postgres_stopped": "postgres",
    "bad_deploy": "redis",
    "cache_flushed": "cache",
    "gemini_503": "gemini",
    "memory_leak": "state",
}


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    pool = PostgresPool(database_url, size=4, role="test", statement_s=120.0)
    yield pool
    pool.close()


def test_five_incidents_are_found_in_the_past_and_all_of_it_is_known_as_simulated(pool: PostgresPool) -> None:
    """One incident a fault and no other, each with what it did to users; samples, counts and dollars beside them."""
    with pool.connection() as connection:
        assert is_new(connection)
    until = time.time() // 60 * 60
    model = Config.from_env({}).gemini_model

    incidents = write(pool, until, DAYS, 1, model=model, prices=PriceTable())

    faults = past(until, DAYS, 1).faults
    assert [fault.kind for fault in faults] == [kind for kind, _, _ in INCIDENTS]
    assert [incident.cause for incident in incidents] == [CAUSES[fault.kind] for fault in faults]
    for incident, fault in zip(incidents, faults, strict=True):
        assert fault.begins - 60 <= incident.began <= fault.begins + 1800

    samples, telemetry, alerts = SampleStore(pool), PostgresTelemetry(pool), AlertStore(pool)
    end = datetime.fromtimestamp(until, UTC)
    window = Window(end - timedelta(days=DAYS), end)
    assert samples.simulated() == [window]
    with pool.connection() as connection:
        assert not is_new(connection)
    assert alerts.effects([incident.id for incident in incidents]).keys() == {incident.id for incident in incidents}
    assert alerts.open_incidents() == []
    assert all(is_simulated(incident, samples.simulated()) for incident in incidents)
    assert {row.provenance for row in telemetry.ledger(window)} == {Provenance.SIMULATED}
    assert {row.kind for row in telemetry.ledger(window) if row.cost_usd > 0} == {"paid", "avoided"}
    assert [mark.kind for mark in samples.marks(window)].count("deploy") == 3
    report = read(alerts, samples, telemetry, BY_NAME, incidents[2].id, datetime.now(UTC))
    assert "- Simulated: this never happened, a simulation wrote it" in markdown(report)
    assert any(row.kind == "flush" for row in report.rows)


def test_a_past_that_was_measured_is_never_filled_up(
    pool: PostgresPool, database_url: str, valkey_url: str, tmp_path: Path
) -> None:
    """`up --history` refuses a store with samples: one sentence, nothing written."""
    with pool.connection() as connection:
        connection.execute("INSERT INTO telemetry_lookup VALUES (60, now(), 'dictionary', 'redis', 'hit', 1, 1, 0.1, '{1}')")
    env = {"DATABASE_URL": database_url, "REDIS_URL": valkey_url, "DICTIONARY_API_URL": NOWHERE, "GEMINI_API_KEY": "none"}

    done = CliRunner().invoke(up, ["--data-dir", str(tmp_path / "data"), "--port", str(free_port()), "--history", "30d"], env=env)

    assert done.exit_code == 1
    assert done.output.count("this store already holds samples, and a simulated past goes into a new one only") == 1
    assert SampleStore(pool).simulated() == []


@pytest.mark.parametrize("span", ["1d", "6h", "90d", "soon", "36h"])
def test_a_past_is_a_week_to_five_weeks_long(span: str) -> None:
    """Anything else is wrong usage, with an example."""
    done = CliRunner().invoke(up, ["--history", span])
    assert done.exit_code == 2
    assert "write for example 30d" in done.output
