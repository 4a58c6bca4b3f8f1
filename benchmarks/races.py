"""Is an old value ever served after an acknowledged invalidation?

Generated schedules, planted faults, and races on real servers.

`python -m benchmarks.races` runs a short campaign; `--schedules 1000000 --trials 10000` the long one (`make races`). A
schedule replays from its number: `--only NUMBER`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from unittest.mock import patch

from benchmarks import _real_races
from benchmarks._schedules import Tally, schedule
from benchmarks._simulated import SimulatedPostgres, SimulatedRedis
from prosepolish_core.errors import CacheUnavailable, StoreUnavailable
from prosepolish_core.live.cache.flight import Flight
from prosepolish_core.live.words import Dictionary, Invalidated
from prosepolish_core.live.words.dictionary import address
from prosepolish_core.model.lease import Fill
from prosepolish_core.model.tier_replies import WordRow

SLICE = 500


def run(first: int, count: int, fault: str = "") -> tuple[Tally, list[int]]:
    """Schedules first … first + count - 1: their sum, and the numbers of those that served an old value."""
    totals, guilty = Tally(0, 0, 0, 0, 0, 0), []
    with PLANTED[fault]() if fault else _sound():
        change = SERVER_FAULTS.get(fault)
        for number in range(first, first + count):
            tally = schedule(number, change)
            totals = Tally(*map(sum, zip(totals, tally, strict=True)))
            if tally.stale:
                guilty.append(number)
                if fault:
                    break
    return totals, guilty


# --- faults planted on purpose: a campaign that does not find these proves nothing ---


@contextmanager
def _sound() -> Iterator[None]:
    yield


@contextmanager
def _joiners_take_anything() -> Iterator[None]:
    with patch.object(Flight, "serves", lambda self, _: self.result is not None or self.error is not None):
        yield


@contextmanager
def _redis_is_told_first() -> Iterator[None]:
    def invalidate(self: Dictionary, word: str) -> Invalidated:
        redis = self._cache.drop([address(word)[1]])
        try:
            self._store.invalidate(address(word)[0], 1.0)
        except StoreUnavailable:
            return Invalidated(False, redis)
        return Invalidated(True, redis)

    with patch.object(Dictionary, "invalidate", invalidate):
        yield


@contextmanager
def _nothing_is_owed() -> Iterator[None]:
    def drop(self: object, keys: list[str]) -> bool:
        with suppress(CacheUnavailable):
            self.link.server.drop(keys)  # type: ignore[attr-defined]
        return True

    with patch("prosepolish_core.live.cache.family_cache.FamilyCache.drop", drop):
        yield


def _unfenced_fill(redis: SimulatedRedis, postgres: SimulatedPostgres) -> None:
    def fill(fill: Fill) -> bool:
        if fill.stored:
            redis.data[fill.key] = (fill.stored, redis.world.now + fill.ttl_ms / 1000)
        return True

    redis.fill = fill  # type: ignore[method-assign]


def _unfenced_late_fill(redis: SimulatedRedis, postgres: SimulatedPostgres) -> None:
    def fill(fill: Fill) -> bool:
        if fill.stored:
            redis.data[fill.key] = (fill.stored, redis.world.now + fill.ttl_ms / 1000)
        return True

    redis.fill_late = fill  # type: ignore[method-assign]


def _unfenced_row(redis: SimulatedRedis, postgres: SimulatedPostgres) -> None:
    def put(word: str, row: WordRow) -> bool:
        postgres.rows[word] = row
        return True

    postgres._put = put  # type: ignore[method-assign]


SERVER_FAULTS: dict[str, Callable[[SimulatedRedis, SimulatedPostgres], None]] = {
    "fills without a lease": _unfenced_fill,
    "fills that nobody waits for, without a lease": _unfenced_late_fill,
    "rows without a fence": _unfenced_row,
}
PLANTED = {
    "fills without a lease": _sound,
    "fills that nobody waits for, without a lease": _sound,
    "rows without a fence": _sound,
    "joiners take what they get": _joiners_take_anything,
    "Redis is told before PostgreSQL": _redis_is_told_first,
    "a lost delete is acknowledged": _nothing_is_owed,
}


def main() -> int:
    """Exit code 1 when an old value was served, or a planted fault was not found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.races", description=__doc__)
    parser.add_argument("--schedules", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--trials", type=int, default=1_000, help="races on real servers, for us and for each peer")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.only is not None:
        print(schedule(arguments.only))
        return 0
    bad = campaign(arguments.schedules, arguments.seed, arguments.jobs) + planted(arguments.seed)
    if arguments.trials:
        bad += _real_races.report(arguments.trials)
    return 1 if bad else 0


def campaign(schedules: int, seed: int, jobs: int) -> int:
    """Print and return how many schedules served an old value."""
    began, totals, guilty = time.perf_counter(), Tally(0, 0, 0, 0, 0, 0), []
    base = seed * 1_000_000_000
    with ProcessPoolExecutor(jobs) as pool:
        slices = [(base + at, min(SLICE, schedules - at)) for at in range(0, schedules, SLICE)]
        for tally, found in pool.map(run, *zip(*slices, strict=True)):
            totals = Tally(*map(sum, zip(totals, tally, strict=True)))
            guilty += found
    print(
        f"{schedules} schedules, seed {seed}: {len(guilty)} served an old value after an acknowledged invalidation "
        f"({totals.reads} reads, {totals.acknowledged} of {totals.invalidations} invalidations acknowledged, "
        f"{totals.loads} upstream calls, {totals.unavailable} reads unavailable; {time.perf_counter() - began:.0f} s)"
    )
    if guilty:
        print(f"replay with --only: {guilty[:10]}")
    return len(guilty)


def planted(seed: int, most: int = 3_000) -> int:
    """Print after how many schedules each planted fault is found; return how many were not."""
    missed = 0
    for fault in PLANTED:
        _, guilty = run(seed * 1_000_000_000, most, fault)
        missed += not guilty
        print(f"planted: {fault}: " + (f"found by schedule {guilty[0] - seed * 1_000_000_000 + 1}" if guilty else "NOT FOUND"))
    return missed


if __name__ == "__main__":
    sys.exit(main())
