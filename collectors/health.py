"""The collectors' own health: runs, failures, duration and lag of each, counted in this process."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample

C = Kind.COUNTER


@dataclass(slots=True)
class RunTally:
    """What one collector did since this process began."""

    runs: int = 0
    failures: int = 0
    crashes: int = 0
    samples: int = 0
    duration_s: float = 0.0
    lag_s: float = 0.0


@dataclass(slots=True)
class RunHealth:
    """Counts; each collector's tally is written only by its own job."""

    tallies: dict[str, RunTally] = field(default_factory=dict)
    clock_jumps: int = 0

    def ran(self, collector: str, runs: Sequence[Run], duration_s: float, lag_s: float) -> None:
        """A tick is over. `lag_s` counts from the scheduled instant to the moment its runs were kept."""
        tally = self.tallies.setdefault(collector, RunTally())
        tally.runs += len(runs)
        tally.failures += sum(run.outcome is not RunOutcome.OK for run in runs)
        tally.samples += sum(len(run.samples) for run in runs)
        tally.duration_s, tally.lag_s = duration_s, lag_s

    def crashed(self, collector: str) -> None:
        """A tick ended in an error nobody foresaw."""
        self.tallies.setdefault(collector, RunTally()).crashes += 1

    def samples(self) -> tuple[Sample, ...]:
        found: list[Sample] = [Sample("collector_clock_jumps", float(self.clock_jumps), C)]
        for name, tally in list(self.tallies.items()):
            labels = (("collector", name),)
            found += (
                Sample("collector_runs", float(tally.runs), C, labels=labels),
                Sample("collector_failures", float(tally.failures), C, labels=labels),
                Sample("collector_crashes", float(tally.crashes), C, labels=labels),
                Sample("collector_samples", float(tally.samples), C, labels=labels),
                Sample("collector_duration_seconds", tally.duration_s, unit="seconds", labels=labels),
                Sample("collector_lag_seconds", tally.lag_s, unit="seconds", labels=labels),
            )
        return tuple(found)
