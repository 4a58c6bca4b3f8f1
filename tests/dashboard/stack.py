"""A Core on real servers, with real lookups, corrections and collector runs behind it."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import redis

from collectors.reading import read_once
from collectors.schedule import POSTGRES, REDIS
from collectors.wiring import CollectorParts
from dashboard import runtime
from demo.standins import StandIns
from prosepolish_core import Config, Core

#: Nothing listens there.
NOWHERE = "http://127.0.0.1:9"
#: Seconds between two rounds.
APART_S = 60


@contextmanager
def installed(**environ: str) -> Iterator[Core]:
    """A Core of this environment, as the dashboard's own."""
    defaults = {"DICTIONARY_API_URL": NOWHERE, "GEMINI_API_ENDPOINT": NOWHERE, "PROSEPOLISH_FLUSH_S": "300"}
    with Core.open(Config.from_env(defaults | environ)) as core:
        runtime.install(core)
        yield core


def demo(up: StandIns, redis_url: str, database_url: str, **more: str) -> AbstractContextManager[Core]:
    """The same with both stand-ins, named as such."""
    upstreams = {
        "DICTIONARY_API_URL": up.dictionary_api.url,
        "GEMINI_API_ENDPOINT": up.gemini.url,
        "GEMINI_API_KEY": "stand-in",
        "PROSEPOLISH_STAND_INS": "dictionary_api,gemini",
    }
    return installed(REDIS_URL=redis_url, DATABASE_URL=database_url, **(upstreams | more))


def collect(core: Core) -> None:
    """Two real rounds of what reads INFO, clients and PostgreSQL, a minute apart by their ticks: on a crowded machine a
    tour of all pages takes longer than a reading of every two seconds stays fresh.
    """
    parts = CollectorParts(core.config, APART_S)
    entries = [entry for entry in REDIS if entry.name in {"redis_info", "redis_clients", "redis_census"}]
    (of_postgres,) = (entry for entry in POSTGRES if entry.name == "postgres_stats")
    now = int(time.time())
    for tick in (now - APART_S, now):
        runs = [read_once(entry, instance, tick) for entry in entries for instance in parts.instances]
        runs.append(read_once(of_postgres, parts.databases[0], tick))
        with redis.Redis.from_url(core.config.redis_url.get_secret_value()) as patient:
            patient.get("nothing")  # so that something happens between the two rounds
        parts.store.write([replace(run, ts=datetime.fromtimestamp(tick, UTC)) for run in runs])
    parts.close()
