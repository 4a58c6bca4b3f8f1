"""From played scenarios to hit rates and bills with bands, counted over the second half of what was traced.

The first half only warms the simulated Redis up: a value that lives for longer than that would look too good or too
bad. Bands come from drawing the buckets of keys again and again: another hour would have had other keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...model.access import Source
from ...model.whatif import Banded, Bill, CurvePoint, FamilyForecast, Forecast, Scenario
from .reads import BUCKETS, SEED, Array
from .replay import TraceReplay
from .trace import Trace

DRAWS = 400
DAY_S, MONTH_S = 86_400.0, 30 * 86_400.0
#: The family whose misses are paid for.
PAID = "llm"
#: Where a family's misses are answered, in the order of Source.
BELOW = {"dict": "postgres", "user": "postgres", "settings": "postgres", PAID: "gemini"}
#: A curve has a knee where it lies this far above the straight line between its ends.
LEAST_BEND = 0.05


class Tallies(dict[str, Array]):
    """Per family and bucket, sums over the second half: reads, misses, usd, evicted."""


@dataclass(frozen=True, slots=True)
class Forecaster:
    """`counted` is how many answers the core counted of each family in the second half of what was traced of it.

    `waits_s` is how long a miss of each family takes on average.
    """

    trace: Trace
    replay: TraceReplay
    counted: Mapping[str, float]
    waits_s: Mapping[str, float]

    def tally(self, scenario: Scenario, *, evicted: bool = False) -> tuple[Tallies, float]:
        """Play a scenario; also the most bytes held."""
        played = self.replay.play(scenario, evicted=evicted)
        reads = self.replay.reads
        later = reads.at >= np.array([self._half(family) for family in reads.families])[reads.family]
        missed = later & played.miss
        usd = np.where(np.isnan(reads.usd), _mean(reads.usd[later]), reads.usd)
        found = Tallies(reads=reads.sums(later), misses=reads.sums(missed), usd=reads.sums(np.where(missed, usd, 0.0)))
        if evicted:
            found["evicted"] = reads.sums(later & played.evicted) if played.evicted is not None else np.zeros_like(found["reads"])
        return found, float(played.held.max(initial=0.0))

    def forecast(self, scenario: Scenario, today: Scenario) -> Forecast:
        """Hit rates, the bill and memory of a scenario."""
        tallies, held = self.tally(scenario, evicted=True)
        rows = tuple(self._row(n, scenario, today, tallies) for n in range(len(self.replay.reads.families)))
        paid = next((row for row in rows if row.family == PAID and row.hit is not None), None)
        needed = float(self.replay.play(Scenario(scenario.ttl_s)).held.max(initial=0.0))
        return Forecast(scenario, rows, self._bill(tallies, rows) if paid else None, held, needed)

    def change(self, scenario: Scenario, today: Scenario) -> tuple[Banded | None, dict[str, Banded]]:
        """By how much the bill of a month falls, and each hit rate rises: the same buckets drawn for both."""
        (new, _), (old, _) = self.tally(scenario), self.tally(today)
        lifted, saved = {}, None
        for n, family in enumerate(self.replay.reads.families):
            if self._known(family, scenario, today):
                rates = [1 - _drawn(t["misses"][n]) / np.maximum(_drawn(t["reads"][n]), 1e-9) for t in (new, old)]
                lifted[family] = _estimate(self._hit(n, new) - self._hit(n, old), rates[0] - rates[1])
                if family == PAID:
                    scale = self._month(family)
                    part = (old["usd"][n] - new["usd"][n]) * scale
                    saved = _estimate(float(part.sum()), _drawn(part))
        return saved, lifted

    def point(self, at: float, scenario: Scenario, family: str = "") -> CurvePoint:
        """One point of a curve: of one family, or over all that are read."""
        tallies, _ = self.tally(scenario)
        families = self.replay.reads.families
        weights = np.array([1 / self.trace.rates[family] for family in families])
        reads, misses = (float((tallies[name].sum(axis=1) * weights).sum()) for name in ("reads", "misses"))
        usd = float("nan")
        if PAID in families:
            n = families.index(PAID)
            usd = float(tallies["usd"][n].sum() * self._month(PAID))
        if family in families:
            return CurvePoint(at, self._hit(families.index(family), tallies), usd)
        return CurvePoint(at, 1 - misses / reads if reads else float("nan"), usd)

    def _row(self, n: int, scenario: Scenario, today: Scenario, tallies: Tallies) -> FamilyForecast:
        family = self.replay.reads.families[n]
        days = self._half_s(family) / DAY_S
        scale = 1 / self.trace.rates[family] / days
        enough = 2 * max(scenario.ttl_s[family], today.ttl_s[family])
        known = self._known(family, scenario, today)
        rates = 1 - _drawn(tallies["misses"][n]) / np.maximum(_drawn(tallies["reads"][n]), 1e-9)
        return FamilyForecast(
            family,
            self._half_s(family) * 2,
            enough,
            float(tallies["reads"][n].sum() * scale),
            _estimate(self._hit(n, tallies), rates) if known else None,
            float(tallies["misses"][n].sum() * scale) if known else float("nan"),
            float(tallies["evicted"][n].sum() * scale) if known else float("nan"),
        )

    def _bill(self, tallies: Tallies, rows: tuple[FamilyForecast, ...]) -> Bill:
        n = self.replay.reads.families.index(PAID)
        scale = self._month(PAID)
        calls, usd = tallies["misses"][n] * scale, tallies["usd"][n] * scale
        waits = np.zeros(BUCKETS)
        for m, row in enumerate(rows):
            if row.hit is not None:
                waits = waits + tallies["misses"][m] * self._month(row.family) * self.waits_s.get(row.family, 0.0)
        return Bill(*(_estimate(float(part.sum()), _drawn(part)) for part in (calls, usd, waits)))

    def _hit(self, n: int, tallies: Tallies) -> float:
        """With the count correction of SHARDS: reads that keys not followed should have had are hits of busy keys."""
        family = self.replay.reads.families[n]
        reads, misses = (float(tallies[name][n].sum()) for name in ("reads", "misses"))
        expected = self.counted.get(family, 0.0) * self.trace.rates[family]
        if self.trace.rates[family] >= 1 or not 0.5 < expected / max(reads, 1e-9) < 2:
            expected = reads
        return min(1.0, max(0.0, 1 - misses / expected)) if expected else float("nan")

    def _known(self, family: str, scenario: Scenario, today: Scenario) -> bool:
        return self._half_s(family) * 2 >= 2 * max(scenario.ttl_s[family], today.ttl_s[family])

    def _half(self, family: str) -> float:
        """Milliseconds of the trace after which a family is counted."""
        return (self.replay.reads.span_ms + self.trace.first_ms.get(family, 0)) / 2

    def _half_s(self, family: str) -> float:
        return max((self.replay.reads.span_ms - self._half(family)) / 1000, 1e-3)

    def _month(self, family: str) -> float:
        """What one followed read of the second half stands for in a month."""
        return MONTH_S / self._half_s(family) / self.trace.rates[family]


def knee(points: tuple[CurvePoint, ...]) -> CurvePoint | None:
    """Where the curve bends most: farthest above the line between its ends. Its places lie evenly (a doubling each)."""
    hits = np.array([point.hit for point in points])
    if len(hits) < 3 or not np.isfinite(hits).all() or hits[-1] - hits[0] <= 0:
        return None
    scaled = (hits - hits[0]) / (hits[-1] - hits[0])
    above = scaled - np.linspace(0, 1, len(hits))
    best = int(np.argmax(above))
    return points[best] if above[best] > LEAST_BEND else None


def api_calls_per_day(trace: Trace) -> float:
    """Words that neither Redis nor PostgreSQL had. PostgreSQL keeps words for good: no scenario here changes that."""
    reads = trace.reads
    if "dict" not in reads.families:
        return 0.0
    asked = (reads.family == reads.families.index("dict")) & ((reads.source & 3) >= Source.DICTIONARY_API)
    return float(asked.sum()) / trace.rates["dict"] / (reads.span_ms / 1000 / DAY_S)


_WEIGHTS = np.random.default_rng(SEED).multinomial(BUCKETS, [1 / BUCKETS] * BUCKETS, DRAWS).astype(float)


def _drawn(of: Array) -> Array:
    """Sums over buckets that were drawn again and again."""
    found: Array = _WEIGHTS @ of
    return found


def _estimate(value: float, drawn: Array) -> Banded:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Banded(value, float(min(low, value)), float(max(high, value)))


def _mean(of: Array) -> float:
    known = of[~np.isnan(of)]
    return float(known.mean()) if len(known) else float("nan")
