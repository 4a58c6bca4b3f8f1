"""A writer that keeps batches in memory, as the store does: each (process, sequence) once. It can be away."""

from collections import Counter
from uuid import UUID

from prosepolish_core.errors import InvalidInput, StoreUnavailable
from prosepolish_core.model.counts import TelemetryBatch


class MemoryWriter:
    """`away` refuses; `deaf` writes but loses the reply; `refuses` so many batches as invalid."""

    def __init__(self) -> None:
        self.seen: set[tuple[UUID, int]] = set()
        self.batches: list[TelemetryBatch] = []
        self.away = self.deaf = False
        self.refuses = 0
        self.closed = 0

    def write(self, batch: TelemetryBatch) -> None:
        """Keep the batch unless it is known."""
        if self.away:
            raise StoreUnavailable("away")
        if self.refuses:
            self.refuses -= 1
            raise InvalidInput("refused")
        if (batch.process, batch.sequence) not in self.seen:
            self.seen.add((batch.process, batch.sequence))
            self.batches.append(batch)
        if self.deaf:
            raise StoreUnavailable("the reply was lost")

    def close(self) -> None:
        """Count the call."""
        self.closed += 1

    def answers(self) -> Counter[tuple[str, str, str]]:
        """Answers by family, tier and outcome."""
        return Counter(
            {
                key: sum(r.answers for b in self.batches for r in b.lookups if (r.family, r.tier, r.outcome) == key)
                for key in {(r.family, r.tier, r.outcome) for b in self.batches for r in b.lookups}
            }
        )

    def steps(self) -> int:
        """Every step written."""
        return sum(r.steps for b in self.batches for r in b.lookups)

    def events(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for batch in self.batches:
            for row in batch.events:
                total[row.name] += row.amount
        return total
