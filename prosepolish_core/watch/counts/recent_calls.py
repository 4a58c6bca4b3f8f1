"""The calls really made in the last minute, by tier and outcome, as fresh as processes flush them.

Counts lie in buckets of ten seconds. What a bucket gained since it was last read is what was counted meanwhile: that
tells the beginning and the end of a fault within one flush, where the bucket itself would smear them.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ...model.counts import LookupCounts
from ...model.outcome import ANSWERED, FAILED, Family, Outcome, Tier
from ...model.standing import Calls, Effect
from ...model.window import Window
from ...ports import TelemetryReader

#: Seconds of calls that speak of now; what lies before them is the usual, up to so long ago.
MINUTE_S, USUAL_S = 60.0, 660.0
#: Width of a bucket; and for how long one may still grow.
BUCKET_S, LATE_S = 10, 60.0
#: Newer than this are the calls that tell how a tier is now; fewer than ENOUGH of them tell nothing alone.
RECENT_S, ENOUGH = 6.0, 3
#: The tiers that are asked where one does not answer.
BELOW = {tier.value: [below.value for below in list(Tier)[place + 1 :]] for place, tier in enumerate(Tier)}
#: More points than a window has buckets: as fine as they are kept.
FINEST = 1000


class _Batch(NamedTuple):
    """What was read at once: (tier, outcome) -> steps."""

    seen_at: float
    steps: dict[tuple[str, str], int]


class RecentCalls:
    """Keeps what it read. One thread at a time."""

    def __init__(self, reader: TelemetryReader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._known: dict[tuple[datetime, str, str, str], int] = {}
        self._batches: list[_Batch] = []
        self._rows: Sequence[LookupCounts] | None = None
        self._usual: tuple[float, float | None] | None = None

    def read(self, now: float) -> None:
        """Read what came. Raises StoreUnavailable; then nothing is known."""
        with self._lock:
            end = datetime.fromtimestamp(now, UTC) + timedelta(seconds=BUCKET_S)
            window = Window(_floor(now - MINUTE_S - LATE_S), end)
            try:
                rows = self._reader.lookups(window, FINEST)
            except Exception:
                self._batches.clear()
                self._known.clear()
                self._rows = None
                raise
            fresh: dict[float, dict[tuple[str, str], int]] = {}
            for row in rows:
                key = (row.ts, row.family, row.tier, row.outcome)
                gained = row.steps - self._known.get(key, 0)
                self._known[key] = row.steps
                if gained > 0:
                    # Made before the bucket's end at the latest, however late they were flushed.
                    seen = min(now, row.ts.timestamp() + BUCKET_S)
                    steps = fresh.setdefault(seen, {})
                    steps[row.tier, row.outcome] = steps.get((row.tier, row.outcome), 0) + gained
            found = [*self._batches, *(_Batch(seen, steps) for seen, steps in fresh.items())]
            self._batches = sorted((b for b in found if now - b.seen_at <= MINUTE_S), key=lambda b: b.seen_at)
            oldest = _floor(now - MINUTE_S - LATE_S)
            self._known = {key: steps for key, steps in self._known.items() if key[0] >= oldest}
            self._rows = [row for row in rows if row.ts.timestamp() + BUCKET_S > now - MINUTE_S]

    def minute(self, tier: str) -> Calls | None:
        """All calls of the last minute; None where nobody called."""
        return _calls(self._batches, tier)

    def newest(self, tier: str, now: float) -> Calls | None:
        """The newest calls: those of the last seconds, and as many before them as it takes to say something."""
        taken: list[_Batch] = []
        asked = 0
        for batch in reversed(self._batches):
            if asked >= ENOUGH and now - batch.seen_at > RECENT_S:
                break
            if found := _calls([batch], tier):
                taken.append(batch)
                asked += found.asked
        return _calls(taken, tier)

    def failed_at(self, tier: str) -> float | None:
        """When a call to this tier was last seen to fail, within the minute."""
        return next((b.seen_at for b in reversed(self._batches) if any(b.steps.get((tier, failed)) for failed in FAILED)), None)

    def effect(self, now: float, since: float, *, without: str, down: frozenset[str] = frozenset()) -> Effect | None:
        """What callers got in the last minute, and how much longer they waited than before `since`.

        None while the counts cannot be read.
        """
        if self._rows is None:
            return None
        calls = sum(row.answers for row in self._rows)
        lost = sum(row.answers for row in self._rows if row.outcome in FAILED)
        words = [row for row in self._rows if row.family == Family.DICTIONARY]
        by = {tier: 0 for tier in BELOW.get(without, ()) if tier not in down}
        for row in words:
            if row.outcome in ANSWERED and row.tier in by:
                by[row.tier] += row.answers
        instead = max(by, key=lambda tier: by[tier]) if any(by.values()) else None
        usual, present = self._usually(since), _mean_s(words)
        added = None if usual is None or present is None or now - since < BUCKET_S else present - usual
        return Effect(calls, lost, instead, added)

    def _usually(self, since: float) -> float | None:
        """How long a lookup took in the ten minutes before. Asked once for each fault."""
        if self._usual is None or self._usual[0] != since:
            window = Window(_floor(since - USUAL_S), _floor(since - BUCKET_S))
            rows = [row for row in self._reader.lookups(window, 1) if row.family == Family.DICTIONARY]
            self._usual = since, _mean_s(rows)
        return self._usual[1]


def _calls(batches: Sequence[_Batch], tier: str) -> Calls | None:
    """The batches' calls to one tier, added up."""
    sums: dict[str, int] = {}
    seen_at = 0.0
    for batch in batches:
        for (of, outcome), steps in batch.steps.items():
            if of == tier:
                sums[outcome] = sums.get(outcome, 0) + steps
                seen_at = max(seen_at, batch.seen_at)
    if not sums:
        return None
    failed = {outcome: sums.get(outcome, 0) for outcome in FAILED}
    return Calls(
        sum(sums.values()) - sum(failed.values()), failed[Outcome.REFUSED], failed[Outcome.TIMEOUT], failed[Outcome.ERROR], seen_at
    )


def _mean_s(rows: Sequence[LookupCounts]) -> float | None:
    answers = sum(row.answers for row in rows)
    return sum(row.sum_s for row in rows) / answers if answers else None


def _floor(instant: float) -> datetime:
    return datetime.fromtimestamp(instant - instant % BUCKET_S, UTC)
