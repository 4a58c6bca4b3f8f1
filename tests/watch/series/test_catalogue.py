"""The catalogue in a real store: names never merge, never grow without end, and go with their samples."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prosepolish_core.calc.roster import MOST_NAMES, OTHER
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.watch.series.retention import Kept, maintain
from prosepolish_core.watch.series.sample_store import SampleStore

pytestmark = pytest.mark.live
TICK = 1_790_000_000


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    """A migrated, empty store."""
    pool = PostgresPool(database_url, size=2, role="test")
    yield pool
    pool.close()


def run(samples: tuple[Sample, ...], tick: int = TICK, source: str = "sick") -> Run:
    """One run of one collector."""
    return Run("redis_info", source, tick, datetime.fromtimestamp(tick, UTC), 0.01, RunOutcome.OK, samples, {"run_id": "x"})


def errors(codes: list[str], value: float = 1.0) -> tuple[Sample, ...]:
    """Error codes as INFO gives them."""
    return tuple(Sample("errorstat_count", value, Kind.COUNTER, "1", (("error", code),)) for code in codes)


def count(pool: PostgresPool, table: str) -> int:
    """Rows of a table."""
    with pool.connection() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


TEXTS = st.lists(
    st.one_of(st.sampled_from(["", "x", "x" * 5000, "x" * 4999 + "y", "é", "\\", "\\\\"]), st.text(max_size=5)), max_size=8
)


@given(TEXTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_names_keep_their_own_series(pool: PostgresPool, names: list[str]) -> None:
    """Empty, repeated, very long, of any characters: as many series with as many values as were given."""
    source = f"s{abs(hash(tuple(names)))}"
    samples = tuple(Sample("m", float(n), labels=(("name", name),)) for n, name in enumerate(names))
    store = SampleStore(pool)
    store.write([run(samples, source=source)])
    assert sorted(reading.value for reading in store.latest(["m"], source)) == [float(n) for n in range(len(names))]


def test_new_names_at_every_poll_never_grow_beyond_the_most(pool: PostgresPool) -> None:
    """Names that had a series keep it, the others are added up in one that is shown,
    and another process goes by the same roster.
    """
    poll = 0
    for store in (SampleStore(pool), SampleStore(pool)):
        for _ in range(6):
            poll += 1
            store.write([run(errors(["ERR", *(f"R{poll}-{n}" for n in range(150))]), TICK + 10 * poll)])
    assert count(pool, "sample_series") <= MOST_NAMES + 1
    latest = {dict(reading.key.labels)["error"]: reading.value for reading in store.latest(["errorstat_count"])}
    assert latest["ERR"] == 1.0
    assert latest[OTHER] == 150.0
    assert sum(latest.values()) == 151.0


def test_another_instance_has_all_its_names(pool: PostgresPool) -> None:
    """The names of one use up nothing of another's."""
    store = SampleStore(pool)
    store.write([run(errors([f"R{n}" for n in range(2 * MOST_NAMES)]))])
    store.write([run(errors(["WRONGTYPE", "OOM"]), source="well")])
    assert {dict(reading.key.labels)["error"] for reading in store.latest(source="well")} == {"WRONGTYPE", "OOM"}


def test_unused_series_go_with_their_samples_and_used_ones_stay(pool: PostgresPool) -> None:
    """When the last sample and the last roll-up of a name are past their time, nothing of the name is left;
    the writer goes on.
    """
    store = SampleStore(pool)
    old = int(datetime.now(UTC).timestamp()) - 86_400 * 10
    for n in range(30):
        store.write([run(errors([f"OLD{n}", "ERR"]), old + 10 * n)])
    now = datetime.now(UTC)
    store.write([run(errors(["ERR"]), int(now.timestamp()))])
    kept = Kept(1, 2, 3)
    for _ in range(3):
        maintain(pool, kept, now + timedelta(hours=1))
    with pool.connection() as connection:
        left = {row[0]["error"] for row in connection.execute("SELECT labels FROM sample_series").fetchall()}
    assert left == {"ERR"}
    assert count(pool, "sample_layout") == 1
    store.write([run(errors(["OLD3", "ERR"]), int(now.timestamp()) + 10)])  # this process still remembers a layout that is gone
    assert {dict(reading.key.labels)["error"] for reading in store.latest()} == {"OLD3", "ERR"}
