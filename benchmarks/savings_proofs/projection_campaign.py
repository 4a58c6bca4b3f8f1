"""How far may the projected month be trusted? Simulated years with a rhythm, after 7 to 20 days of counting."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.proofs.table import Row
from prosepolish_core.calc.projection import Projected, Rhythm, learnt
from prosepolish_core.model.calendar_month import CalendarMonth

DAYS = (7, 10, 14, 20)
BAR_DAYS, BAR, COVERED = 14, 0.10, 0.85
HOUR = timedelta(hours=1)


def run(seed: int, small: bool) -> list[Row]:
    """Counting begins with a month; the month is projected after so many full days."""
    years = 3 if small else 100
    found: dict[int, list[tuple[float, bool]]] = {days: [] for days in DAYS}
    for year in range(years):
        for days, told, truth in _projections(np.random.default_rng([seed, year])):
            found[days].append((abs(told.amount / truth - 1), told.low <= truth <= told.high))
    errors = {days: np.array([error for error, _ in found[days]]) for days in DAYS}
    within = float((errors[BAR_DAYS] <= BAR).mean())
    told = "; ".join(f"{days} d: mean {e.mean():.1%}, worst {e.max():.1%}" for days, e in errors.items())
    size = f"{years} years, {len(errors[BAR_DAYS]):,} months"
    covered = {days: np.mean([held for _, held in found[days]]) for days in DAYS}
    ranges = "; ".join(f"{days} d: {share:.0%}" for days, share in covered.items())
    return [
        Row(
            "projected month", seed, size, f"at 14 days {within:.1%} of the months; {told}", "within 10 % at 14 days", within == 1.0
        ),
        Row("range of the projected month", seed, size, ranges, "about 9 of 10", min(covered.values()) >= COVERED),
    ]


def _projections(drawn: np.random.Generator) -> Iterator[tuple[int, Projected, float]]:
    """Every month of one year: days of counting, what was told, and what came."""
    course = _year(drawn)
    for number in range(1, 13):
        month = CalendarMonth(2027, number)
        start, end = month.window.start, month.window.end
        truth = sum(amount for at, amount in course.items() if start <= at < end)
        for days in DAYS:
            now = start + timedelta(days=days, hours=float(drawn.uniform(0, 24)))
            known = {at: amount for at, amount in course.items() if start <= at < now - HOUR}
            rhythm = learnt(known, start, now, UTC)
            assert isinstance(rhythm, Rhythm)
            yield days, rhythm.until(end, sum(known.values())), truth


def _year(drawn: np.random.Generator) -> dict[datetime, float]:
    """Dollars by hour: weekdays and hours differ, traffic grows or shrinks, days have moods, calls come by chance."""
    weekend, night = drawn.uniform(0.1, 0.9), drawn.uniform(0.02, 0.5)
    peak, grows = drawn.uniform(10, 17), drawn.uniform(-0.3, 1.0)
    per_day, mood = drawn.uniform(150, 3000), drawn.uniform(0.02, 0.15)
    hours = np.arange(24)
    course = night + (1 - night) * np.exp(-(((hours - peak) / 4) ** 2))
    start, found = datetime(2027, 1, 1, tzinfo=UTC), {}
    for day in range(365):
        date = start + timedelta(days=day)
        level = per_day * (weekend if date.weekday() >= 5 else 1.0) * (1 + grows * day / 365) * drawn.lognormal(0, mood)
        for hour, calls in enumerate(drawn.poisson(level * course / course.sum())):
            found[date + HOUR * hour] = float(drawn.gamma(calls / 0.5, 0.0005 * 0.5)) if calls else 0.0
    return found
