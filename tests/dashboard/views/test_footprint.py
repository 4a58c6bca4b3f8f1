"""What the collectors cost, and that it is really taken off what is shown."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from collectors.collector_health import Process
from collectors.collector_health import read as read_health
from collectors.health import RunHealth
from collectors.lease import Leases
from collectors.reading import ScheduledRead, read_once
from collectors.run_keeper import RunKeeper
from collectors.schedule import REDIS
from collectors.spool import Spool
from collectors.wiring import CollectorParts
from dashboard.views import capabilities, commands, footprint, hit_rate
from prosepolish_core.drivers.postgres_lease import AdvisoryLocks
from prosepolish_core.model.series import IncreaseSeries, SeriesKey
from prosepolish_core.model.window import Window
from tests.dashboard.rows import WINDOW, Samples, at, grown
from tests.dashboard.stack import installed


def test_servers_count_by_the_seconds_they_were_covered() -> None:
    """36 ms in 60 s of one server and nothing in 60 s of another are 0.03 % of both;
    its commands less ours are the others'.
    """
    rows = [
        grown("collector_server_usec", 36_000),
        grown("collector_server_usec", 0, "state"),
        grown("collector_calls", 40),
        grown("total_commands_processed", 1000),
    ]

    found = footprint.build(Samples(increase_rows=rows), WINDOW)

    assert found.time == pytest.approx(0.0003)
    assert [(c.source, c.time, c.share, c.others) for c in found.servers] == [
        ("cache", pytest.approx(0.0006), 0.04, 960.0),
        ("state", 0.0, None, 0.0),
    ]


def test_costs_are_told_by_collector_and_server() -> None:
    """Calls, bytes and lookups of one collector on one server stand in one row."""
    ts = np.array([at(60).replace(tzinfo=None)], dtype="datetime64[ms]")
    labels = (("collector", "redis_census"), ("target", "cache"))
    rows = [
        IncreaseSeries(SeriesKey("collectors", metric, labels), ts, np.array([by]), np.array([60.0]))
        for metric, by in ((footprint.CALLS, 7.0), (footprint.BYTES, 900.0), (footprint.LOOKUPS, 3.0))
    ]

    (cost,) = footprint.build(Samples(increase_rows=rows), WINDOW).collectors

    assert cost == footprint.CollectorCost("redis_census", "cache", 7.0, 900.0, 3.0)


@pytest.mark.live
def test_the_applications_traffic_is_what_is_shown_whatever_the_collectors_do(
    valkey_url: str, database_url: str, tmp_path: Path
) -> None:
    """Beside every collector at work, a census included, exactly the application's hits, misses and commands remain;
    a refused command is told with its reason.
    """
    with (
        installed(REDIS_URL=valkey_url, DATABASE_URL=database_url, PROSEPOLISH_DATA_DIR=str(tmp_path)) as core,
        redis.Redis.from_url(valkey_url) as client,
    ):
        for n in range(2000):
            client.set(f"dict:w{n}", n, ex=3600)
        parts = CollectorParts(core.config, 2.0)
        (instance,) = parts.instances
        spool = Spool(core.config.data_dir / "spool")
        leases = Leases(AdvisoryLocks(database_url), [])
        leases.held = frozenset({instance.source})
        process = Process(RunHealth(), RunKeeper(parts.store, spool), leases, parts.instances)
        began = int(time.time())

        def keep(entry: ScheduledRead[Any], target: Any, tick: int) -> None:
            run = read_once(entry, target, began + tick)
            parts.store.write([replace(run, ts=datetime.fromtimestamp(began + tick, UTC))])

        info = next(entry for entry in REDIS if entry.name == "redis_info")
        health = ScheduledRead("collector_health", "", read_health)
        for tick in range(1, 4):
            keep(info, instance, tick)
            for entry in REDIS:
                if entry is not info:
                    keep(entry, instance, tick)
            keep(health, process, tick)
            for n in range(30):
                client.get(f"dict:w{n}")
            for n in range(10):
                client.get(f"dict:none{n}")
        keep(info, instance, 4)
        instance.observer.ask_all("test", [("NOSUCHCOMMAND",)])
        keep(health, process, 4)
        window = Window(datetime.fromtimestamp(began, UTC), datetime.fromtimestamp(began, UTC) + timedelta(seconds=10))
        (server,) = hit_rate.build(core.samples, core.telemetry, window).server
        found = footprint.build(core.samples, window)
        ran = {row.command: row.calls for row in commands.build(core.samples, window).rows}
        (lacking,) = capabilities.build(core.samples, datetime.fromtimestamp(began + 5, UTC))
        spool.close()
        parts.close()
    assert (server.hits, server.misses, server.ratio) == (90, 30, 0.75)
    assert server.ours > 0
    assert ran == {"get": 120}
    (cost,) = found.servers
    assert cost.others == 120
    assert cost.time is not None
    assert 0 < cost.time < 0.2
    assert {"redis_census", "redis_info"} <= {c.collector for c in found.collectors}
    assert (lacking.target, lacking.command, lacking.reason) == ("cache", "nosuchcommand", "this version does not know it")
    assert 290 < (lacking.retry_s or 0.0) <= 300
