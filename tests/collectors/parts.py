"""Parts that several collector tests need."""

from collections.abc import Sequence
from datetime import UTC, datetime

from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.model.sample import Run, RunOutcome, Sample


class Shelf:
    """A store in memory that can be away, and keeps each (source, collector, tick) once, as the real one does."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, int], Run] = {}
        self.order: list[int] = []
        self.away = False
        self.refuses: set[int] = set()
        self.refuses_source = ""

    def write(self, runs: Sequence[Run]) -> None:
        """As ports.RunWriter says; ticks it refuses make it fail as a mistake of ours would."""
        if self.away:
            raise StoreUnavailable("away")
        if any(run.tick in self.refuses or run.source == self.refuses_source for run in runs):
            raise TypeError("never")
        for run in runs:
            if (run.source, run.collector, run.tick) not in self.kept:
                self.kept[run.source, run.collector, run.tick] = run
                self.order.append(run.tick)


def run_at(tick: int, source: str = "cache") -> Run:
    """One run with two samples."""
    samples = (Sample("used_memory", float(tick), unit="bytes"), Sample("cmdstat_calls", 1.5, labels=(("cmd", "get"),)))
    return Run("redis_info", source, tick, datetime.fromtimestamp(tick, UTC), 0.01, RunOutcome.OK, samples, {"run_id": "x"})
