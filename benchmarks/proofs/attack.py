"""An attacker who adapts: bursts until refused, then waits for the moment that hurts most.

Imports nothing of the project.
"""

import random
import time
from collections.abc import Callable


def attack(admit: Callable[[], "int | None"], window_s: float, limit: int, seconds: float, seed: int) -> "list[int]":
    """Instants (µs) of admitted calls. `admit` makes one call and gives its instant, or None when refused.

    The plan changes with what it sees: idle long enough that credit gathers or an aligned window is about to turn,
    burst, wait a guessed part of the window (short ones first, then ones that worked), burst again.
    """
    numbers = random.Random(seed)
    admitted: list[int] = []
    parts = [0.0, 0.02, 0.1, 0.5, 0.9, 0.98, 1.0]
    score = dict.fromkeys(parts, 1.0)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        now = time.time()
        # to just before the turn of a window aligned to the clock, or simply a full window of rest
        rest = window_s - now % window_s - 0.03 if numbers.random() < 0.5 else window_s * numbers.choice((1.0, 1.02, 2.0))
        time.sleep(max(rest, 0))
        if numbers.random() < 0.5:  # arm a window that begins with its first hit, and strike at its end
            at = admit()
            if at is not None:
                admitted.append(at)
            time.sleep(window_s * 0.97)
        burst(admit, admitted, limit)
        part = numbers.choices(parts, [score[p] for p in parts])[0]
        time.sleep(part * window_s * numbers.uniform(0.95, 1.05))
        before = len(admitted)
        burst(admit, admitted, limit)
        score[part] += (len(admitted) - before) / limit
    return admitted


def burst(admit: Callable[[], "int | None"], admitted: "list[int]", limit: int) -> None:
    """Call until refused five times in a row, or admitted three times the limit."""
    refused = 0
    for _ in range(3 * limit):
        at = admit()
        if at is None:
            refused += 1
            if refused == 5:
                return
        else:
            refused = 0
            admitted.append(at)


def worst(admitted: "list[int]", window_us: int) -> int:
    """The most admitted calls in any half-open window of this length."""
    most, start = 0, 0
    stamps = sorted(admitted)
    for end, at in enumerate(stamps):
        while stamps[start] <= at - window_us:
            start += 1
        most = max(most, end - start + 1)
    return most
