"""Several stacks side by side, each in a process of its own, which takes one row after the other."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import sys
from typing import Any

from .outage import Result, run
from .report import details
from .rows import VERY_LONG_S, Row, ordered
from .stack import Stack

#: Longest run of a row beside its outage, the wait for its turn included: nothing that hangs stops the campaign.
LONGEST_S = 300.0


class Rows:
    """Rows that several processes take, each of them once."""

    def __init__(self, rows: list[Row], place: Any) -> None:
        self._rows, self._place = rows, place

    def take(self) -> Row | None:
        """The next one."""
        with self._place.get_lock():
            place, self._place.value = self._place.value, self._place.value + 1
        return self._rows[place] if place < len(self._rows) else None


def lane(rows: dict[bool, Rows], done: Any, alone: Any, seed: int, number: int, patience_s: float) -> None:
    """Take rows of one kind of stack until there are none, then of the other. Told to end, it leaves nothing behind.

    `alone` is held by the one lane that starts processes or measures.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, _too_long)
    for switched in (number % 2 == 0, number % 2 == 1):
        stack: Stack | None = None
        try:
            while (row := rows[switched].take()) is not None:
                signal.alarm(int(row.away_s + LONGEST_S))
                try:
                    if stack is None:
                        stack = Stack(switched=switched, seed=seed + number * 100_000)
                        with alone:
                            stack.__enter__()
                    result = run(stack, row, patience_s, alone)
                    done.put((row, result, ""))
                    if result.late:
                        with alone:
                            stack.renew()
                except Exception as error:  # noqa: BLE001 - one row that cannot be run must not end the others
                    done.put((row, None, f"{type(error).__name__}: {error}"))
                    _close(stack)
                    stack = None
        finally:
            signal.alarm(0)
            _close(stack)
    done.put(None)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"not over within {LONGEST_S:g} s")


def _close(stack: Stack | None) -> None:
    if stack is not None:
        stack.__exit__(None, None, None)


def campaign(rows: list[Row], lanes: int, seed: int, patience_s: float) -> list[Result]:
    """Every row, in this many stacks side by side. A row that could not be run is said on stderr, and has no result.

    A row of ten minutes is waited out in a stack of its own beside them: it has nothing to do but wait.
    """
    context = multiprocessing.get_context("spawn")

    def kinds(chosen: list[Row]) -> dict[bool, Rows]:
        return {kind: Rows([row for row in chosen if row.switched is kind], context.Value("i", 0)) for kind in (False, True)}

    shared = kinds([row for row in ordered(rows, seed) if row.away_s < VERY_LONG_S])
    work = [kinds([row]) for row in rows if row.away_s >= VERY_LONG_S] + [shared] * min(lanes, len(rows))
    done = context.Queue()
    alone = context.Lock()
    workers = [context.Process(target=lane, args=(part, done, alone, seed, n, patience_s)) for n, part in enumerate(work)]
    for worker in workers:
        worker.start()
    try:
        return _gathered(done, workers)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _gathered(done: Any, workers: list[Any]) -> list[Result]:
    """Until every lane has said that it is done, or is no more."""
    results: list[Result] = []
    working = len(workers)
    while working:
        try:
            said = done.get(timeout=5.0)
        except queue.Empty:
            if any(worker.is_alive() for worker in workers):
                continue
            break
        if said is None:
            working -= 1
            continue
        row, result, error = said
        if result is None:
            print(f"could not be run: {row.name}: {error}", file=sys.stderr, flush=True)
            continue
        results.append(result)
        print("ok  " if result.holds else "FAIL", details(result), file=sys.stderr, flush=True)
    return results
