"""What another time to live, memory or policy would come to, from what the stores hold: trace, counts, census."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ...calc.freshness import fresh
from ...calc.numbers import size
from ...calc.whatif.forecast import BELOW, PAID, Forecaster
from ...calc.whatif.near_misses import NearMisses, near_misses, paid_texts
from ...calc.whatif.policies import age_limit
from ...calc.whatif.replay import TraceReplay
from ...calc.whatif.trace import FEW_READS, from_chunks
from ...errors import InvalidInput, TraceTooShort
from ...model.whatif import GRACE, LEAST_BYTES, MOST_TTL_S, TTL_S, CurvePoint, Policy, Scenario, ScenarioChange, WhatIfPlan
from ...model.window import Window
from ...ports import SampleReader, TelemetryReader

#: As far back as the trace is kept.
LOOK_BACK = timedelta(days=15)
#: The observed server that holds the cache.
CACHE = "cache"
#: Places on a curve: today's time to live halved and doubled so often, and shares of the memory that all would take.
DOUBLINGS = range(-4, 4)
ROOMS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0)
FIGURES = ("used_memory", "maxmemory", "maxmemory_samples", "census_bytes")


@dataclass(frozen=True, slots=True)
class Situation:
    """Today's scenario, what else lies in Redis, and a trace to play.

    `few` is a smaller part of the trace, for policies that are played read by read.
    """

    today: Scenario
    beside: float
    traced: Window
    all: Forecaster
    few: Forecaster
    near: NearMisses

    def forecaster(self, *scenarios: Scenario) -> Forecaster:
        """The one on which all of them can be played."""
        by_read = any(age_limit(s.policy, s.samples) is None and s.maxmemory is not None for s in scenarios)
        return self.few if by_read else self.all


class Planner:
    """Reads everything once; then any number of scenarios can be played."""

    def __init__(self, samples: SampleReader, telemetry: TelemetryReader, now: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self._samples, self._telemetry, self._now = samples, telemetry, now

    def situation(self) -> Situation:
        """Raises TraceTooShort when nothing was traced, StoreUnavailable."""
        now = self._now()
        chunks = self._telemetry.accesses(Window(now - LOOK_BACK, now))
        if not chunks or (now - chunks[0].ts).total_seconds() < 1:
            raise TraceTooShort("no key read was traced yet: the trace begins with the first lookup or correction")
        window = Window(chunks[0].ts, now)
        state = self._samples.state(CACHE)
        allocator = state.get("mem_allocator", "")
        trace = from_chunks(chunks, window, allocator)
        few = trace if len(trace.reads) <= FEW_READS else from_chunks(chunks, window, allocator, FEW_READS)
        today, used, census = self._today(now, state)
        beside = 0.0
        if used is not None:
            ours = sum(census.get(family, 0.0) for family in TTL_S)
            beside = max(0.0, used - (ours or float(TraceReplay(trace.reads, GRACE).play(replace(today, maxmemory=None)).held[-1])))
        told = self._counted(window), self._waits(window)
        whole, part = (Forecaster(of, TraceReplay(of.reads, GRACE, beside), *told) for of in (trace, few))
        near = near_misses(paid_texts(chunks), today.ttl_s[PAID])
        return Situation(today, beside, window, whole, part, near)

    def _today(self, now: datetime, state: Mapping[str, str]) -> tuple[Scenario, float | None, dict[str, float]]:
        """Today's scenario, the memory used, and bytes by family; what is not known is left out."""
        figures: dict[str, float] = {}
        census: dict[str, float] = {}
        for reading in fresh(self._samples.latest(FIGURES, CACHE), now):
            labels = dict(reading.key.labels)
            if reading.key.metric != "census_bytes":
                figures[reading.key.metric] = reading.value
            elif labels.get("stat") == "value":
                census[labels.get("family", "")] = reading.value
        policy = state.get("maxmemory_policy", "")
        limit = figures.get("maxmemory") or None
        return (
            Scenario(
                TTL_S,
                None if limit is None else max(LEAST_BYTES, int(limit)),
                Policy(policy) if policy in set(Policy) else Policy.ALLKEYS_LRU,
                int(figures.get("maxmemory_samples") or 5),
            ),
            figures.get("used_memory"),
            census,
        )

    def _counted(self, window: Window) -> dict[str, float]:
        """Answers by family in the second half; of those that waited for another's load nobody says how many."""
        half = Window(window.start + (window.end - window.start) / 2, window.end)
        found: dict[str, float] = {}
        for row in self._telemetry.lookups(half, 1):
            found[row.family] = found.get(row.family, 0.0) + row.answers
        return found

    def _waits(self, window: Window) -> dict[str, float]:
        """Mean seconds of the tier that a family's misses go to."""
        rows = {(row.family, row.tier): row for row in self._telemetry.latency(window)}
        return {
            family: row.sum_s / row.counts[-1]
            for family, tier in BELOW.items()
            if (row := rows.get((family, tier))) is not None and row.counts[-1]
        }


def scenario_of(today: Scenario, change: ScenarioChange) -> Scenario:
    """Today's scenario with the change made. Raises InvalidInput."""
    return Scenario(
        {**today.ttl_s, **change.ttl_s},
        today.maxmemory if change.maxmemory is None else change.maxmemory,
        today.policy if change.policy is None else change.policy,
        today.samples,
    )


def plan(situation: Situation, change: ScenarioChange, *, curves: bool = True) -> WhatIfPlan:
    """Play it beside today. Raises InvalidInput, and TraceTooShort for a time to live that the trace cannot tell of."""
    today = situation.today
    wanted = scenario_of(today, change)
    forecaster = situation.forecaster(today, wanted)
    if wanted.maxmemory is not None and wanted.maxmemory <= situation.beside:
        raise InvalidInput(f"other things take {size(situation.beside)} of Redis; the memory must be more than that")
    new = forecaster.forecast(wanted, today)
    for family in change.ttl_s:
        row = new.of(family)
        if row is None:
            raise TraceTooShort(f"no read of the family '{family}' was traced yet")
        if row.hit is None:
            raise TraceTooShort(
                f"reads of '{family}' are traced for {told_span(row.traced_s)}; a time to live of "
                f"{told_span(wanted.ttl_s[family])} needs {told_span(row.enough_s)}, twice the longest that is compared"
            )
    if all(row.hit is None for row in new.families):
        least = min(row.enough_s for row in new.families)
        raise TraceTooShort(
            f"reads are traced for {told_span(situation.traced.seconds)}; the least that tells anything is {told_span(least)}, "
            "twice the shortest time to live"
        )
    saved, lifted = forecaster.change(wanted, today)
    family = next(iter(change.ttl_s), PAID)
    return WhatIfPlan(
        forecaster.forecast(today, today),
        new,
        saved,
        lifted,
        family,
        _by_ttl(forecaster, today, family) if curves else (),
        _by_memory(forecaster, wanted, new.needed, situation.beside) if curves else (),
        situation.traced,
        forecaster.trace.rates,
        situation.beside,
        len(forecaster.trace.reads),
    )


def _by_ttl(forecaster: Forecaster, today: Scenario, family: str) -> tuple[CurvePoint, ...]:
    """As far as the trace can tell."""
    row = next((r for r in forecaster.forecast(today, today).families if r.family == family), None)
    most = 0.0 if row is None else min(MOST_TTL_S, row.traced_s / 2)
    places = [today.ttl_s[family] * 2.0**n for n in DOUBLINGS]
    return tuple(
        forecaster.point(at, replace(today, ttl_s={**today.ttl_s, family: at}), family) for at in places if 60 <= at <= most
    )


def _by_memory(forecaster: Forecaster, scenario: Scenario, needed: float, beside: float) -> tuple[CurvePoint, ...]:
    limits = [int(beside + needed * share) for share in ROOMS]
    return tuple(forecaster.point(at, replace(scenario, maxmemory=at)) for at in limits if at >= LEAST_BYTES)


def told_span(seconds: float) -> str:
    """A time for people: 90 minutes, 36 h, 6 days; rounded down."""
    for name, unit, least in (("days", 86_400, 3 * 86_400), ("h", 3600, 2 * 3600), ("minutes", 60, 120)):
        if seconds >= least:
            shown = int(seconds / unit * 10) / 10
            return f"{shown:g} {name}"
    return f"{int(seconds)} s"
