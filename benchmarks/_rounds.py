"""Interleaved rounds: every way of doing a thing gets its turn in every round, and the median of the rounds counts."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import NamedTuple


class Figure(NamedTuple):
    """Microseconds: medians over the rounds of each round's p50 and p99, and the spread of the p50."""

    p50: float
    p99: float
    low: float
    high: float


def interleaved(
    ways: Mapping[str, Callable[[], object]], *, rounds: int = 9, calls: int = 1000, before: Callable[[], object] | None = None
) -> dict[str, Figure]:
    """Time each way `calls` times a round, in an order that changes. `before` runs untimed ahead of each call."""
    order, seen = list(ways), {name: [] for name in ways}
    shuffle = random.Random(1)
    for way in ways.values():
        for _ in range(max(20, calls // 10)):
            if before is not None:
                before()
            way()
    for _ in range(rounds):
        shuffle.shuffle(order)
        for name in order:
            seen[name].append(_round(ways[name], calls, before))
    return {
        name: Figure(
            median(p50 for p50, _ in found), median(p99 for _, p99 in found), min(p for p, _ in found), max(p for p, _ in found)
        )
        for name, found in seen.items()
    }


def _round(way: Callable[[], object], calls: int, before: Callable[[], object] | None) -> tuple[float, float]:
    gc.collect()
    times = []
    for _ in range(calls):
        if before is not None:
            before()
        began = perf_counter()
        way()
        times.append(perf_counter() - began)
    times.sort()
    return times[calls // 2] * 1e6, times[min(calls - 1, calls * 99 // 100)] * 1e6


def show(figures: Mapping[str, Figure], against: str) -> None:
    """One line each, with the ratio to one of them."""
    base = figures[against]
    for name, figure in figures.items():
        print(
            f"  {name:<44} p50 {figure.p50:8.1f} µs ({figure.p50 / base.p50:5.2f} x, rounds {figure.low:.0f}–{figure.high:.0f})"
            f"   p99 {figure.p99:8.1f} µs ({figure.p99 / base.p99:5.2f} x)"
        )
