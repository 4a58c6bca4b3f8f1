"""Forecasts: a followed share stands for all, the second half is counted, and what cannot be known is not told."""

from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks._whatif_trace import SimulatedReads, simulated, traced
from prosepolish_core.calc.whatif.forecast import Forecaster, knee
from prosepolish_core.calc.whatif.replay import TraceReplay
from prosepolish_core.calc.whatif.trace import from_chunks
from prosepolish_core.model.whatif import TTL_S, CurvePoint, Scenario
from prosepolish_core.model.window import Window

HOURS = 100
EPOCH = datetime.fromtimestamp(0, UTC)
WINDOW = Window(EPOCH, datetime.fromtimestamp(HOURS * 3600, UTC))
READS = simulated(12_000, HOURS)
TODAY = Scenario()


def forecaster(reads: SimulatedReads = READS, most: int = 1_000_000) -> Forecaster:
    trace = from_chunks(traced(reads), WINDOW, most=most)
    later = reads.at >= reads.span_ms / 2
    counted = {name: float((later & (reads.family == n)).sum()) for n, name in enumerate(("dict", "llm", "user"))}
    return Forecaster(trace, TraceReplay(trace.reads, {}), counted, {"llm": 1.5})


def test_reads_a_day_are_those_of_the_second_half() -> None:
    """The first half only warms the simulated cache up."""
    found = forecaster().forecast(TODAY, TODAY)
    later = (READS.family == 1) & (READS.at >= READS.span_ms / 2)
    row = found.of("llm")
    assert row is not None
    assert row.reads_per_day == pytest.approx(later.sum() / (HOURS / 48), rel=0.01)


def test_a_quarter_of_the_keys_tells_what_all_tell() -> None:
    """Within the bounds it gives itself, and the bill too."""
    whole, part = (forecaster(most=most).forecast(TODAY, TODAY) for most in (1_000_000, 3_000))
    for family in ("llm", "user"):
        one, two = whole.of(family), part.of(family)
        assert one is not None and one.hit is not None  # noqa: PT018
        assert two is not None and two.hit is not None  # noqa: PT018
        assert two.hit.low - 0.03 <= one.hit.value <= two.hit.high + 0.03
    assert whole.bill is not None
    assert part.bill is not None
    assert part.bill.usd.value == pytest.approx(whole.bill.usd.value, rel=0.08)


def test_a_trace_of_100_hours_cannot_tell_of_72_hours_but_of_48() -> None:
    """Twice the longer time to live must have been traced; the other families are told all the same."""
    played = forecaster()
    long = played.forecast(Scenario({**TTL_S, "llm": 72 * 3600.0}), TODAY)
    row = long.of("llm")
    assert row is not None
    assert (row.hit, long.bill) == (None, None)
    assert all(other.hit is not None for other in long.families if other.family != "llm")
    enough = played.forecast(Scenario({**TTL_S, "llm": 48 * 3600.0}), TODAY).of("llm")
    assert enough is not None
    assert enough.hit is not None


def test_no_change_saves_nothing_and_a_longer_life_saves_what_the_bills_differ_by() -> None:
    """Both sides draw the same buckets, so the bounds of no change close."""
    played = forecaster()
    saved, lifted = played.change(TODAY, TODAY)
    assert saved == (0.0, 0.0, 0.0)
    assert set(lifted.values()) == {(0.0, 0.0, 0.0)}
    longer = Scenario({**TTL_S, "llm": 48 * 3600.0})
    saved, lifted = played.change(longer, TODAY)
    bills = [played.forecast(scenario, TODAY).bill for scenario in (TODAY, longer)]
    assert saved is not None and bills[0] is not None and bills[1] is not None  # noqa: PT018
    assert saved.value == pytest.approx(bills[0].usd.value - bills[1].usd.value)
    assert 0 < saved.low <= saved.value <= saved.high
    assert lifted["llm"].value > 0 == lifted["dict"].value


def test_the_knee_is_where_a_curve_bends() -> None:
    """And a straight line has none."""
    bent = tuple(CurvePoint(float(2**n), hit, 0.0) for n, hit in enumerate((0.1, 0.5, 0.6, 0.61, 0.62)))
    assert knee(bent) == bent[1]
    assert knee(tuple(CurvePoint(float(2**n), 0.1 * n, 0.0) for n in range(5))) is None
    assert knee(tuple(CurvePoint(float(2**n), float(np.nan), 0.0) for n in range(5))) is None
