"""Where a run's parts go: its samples to one table, its slow commands to another;
each is idempotent, so a repeat is safe.
"""

from collections.abc import Sequence

from prosepolish_core.model.sample import Run
from prosepolish_core.ports import RunWriter
from prosepolish_core.watch.series.slow_commands import SlowCommands


class RunParts:
    """Implements ports.RunWriter over both. Raises StoreUnavailable; then the whole batch can be written again."""

    def __init__(self, samples: RunWriter, slow: SlowCommands) -> None:
        self._samples = samples
        self._slow = slow

    def write(self, runs: Sequence[Run]) -> None:
        """Slow commands first: once the samples are in, the batch counts as written."""
        self._slow.write(runs)
        self._samples.write(runs)
