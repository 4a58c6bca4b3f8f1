"""A process with one Core that does as it is told: ask every probe, be busy with callers, tell what was seen."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from typing import Any

from prosepolish_core import Config, Core
from prosepolish_core.errors import ProsePolishError

from .probes import PAID, PROBES, UNTYPED, WEIGHTS, WRONG, Visit, ask

#: Mean pause of a busy caller between two calls. Many callers are the point, not many calls: in an outage a call costs
#: several times as much, and a process that wants more than a core cannot keep a deadline of 50 ms, whatever is well or
#: not.
PAUSE_S = 0.3
#: Longest wait for what is still asked when it is told to ask no more: more than any deadline.
LONGEST_S = 12.0


class Told:
    """What was seen since it was last told. Threads add to it; `take` empties it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._new()

    def _new(self) -> None:
        self._seen: list[tuple[str, float, float, str]] = []
        self._busy: Counter[str] = Counter()
        self._amiss: list[str] = []

    def saw(self, name: str, began: float, ended: float, word: str, *, probe: bool) -> None:
        """One answer."""
        with self._lock:
            if probe:
                self._seen.append((name, began, ended, word))
            self._busy["calls"] += 1
            self._busy["late"] += ended - began > PROBES[name].within_s
            if word.startswith((WRONG, UNTYPED)):
                self._busy[word.split()[0]] += 1
                self._amiss.append(f"{name}: {word}")

    def take(self) -> dict[str, Any]:
        """All of it, once."""
        with self._lock:
            told = {"seen": self._seen, "counts": dict(self._busy), "amiss": self._amiss[:5]}
            self._new()
            return told


class Asked:
    """The threads of one Core."""

    def __init__(self, core: Core, callers: int, seed: int) -> None:
        self.told = Told()
        self._asking, self._busy = threading.Event(), threading.Event()
        self._under_way: set[threading.Thread] = set()
        self._pause_s = PAUSE_S
        visits = iter([_arrived(core, seed + place) for place in range(len(PROBES) + callers)])
        for name in PROBES:
            self._begin(self._probe, name, next(visits))
        for place, visit in enumerate(visits):
            self._begin(self._call, visit, random.Random(seed + place))

    def obey(self, order: str, value: float) -> dict[str, Any]:
        """`ask` 1 or 0; `busy` with this pause (below 0: be idle); `tell`."""
        match order:
            case "ask":
                _set(self._asking, value > 0)
                end = time.monotonic() + LONGEST_S
                while not value and self._under_way and time.monotonic() < end:  # asked in this outage, not in the next
                    time.sleep(0.01)
            case "busy":
                self._pause_s = value
                _set(self._busy, value >= 0)
        return self.told.take() if order == "tell" else {}

    def _begin(self, work: Any, *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _probe(self, name: str, visit: Visit) -> None:
        """Asked again and again; what is paid for is asked again though the one before is still waited for."""
        while self._asking.wait():
            asked = threading.Thread(target=self._ask, args=(name, visit), daemon=True)
            self._under_way.add(asked)
            asked.start()
            asked.join(0.0 if name in PAID else None)
            time.sleep(PROBES[name].every_s)

    def _ask(self, name: str, visit: Visit) -> None:
        word, began, ended = ask(name, visit)
        self.told.saw(name, began, ended, word, probe=True)
        self._under_way.discard(threading.current_thread())

    def _call(self, visit: Visit, numbers: random.Random) -> None:
        names = list(PROBES)
        weights = [WEIGHTS.get(name, 5) for name in names]
        while self._busy.wait():
            name = numbers.choices(names, weights)[0]
            word, began, ended = ask(name, visit)
            self.told.saw(name, began, ended, word, probe=False)
            time.sleep(numbers.expovariate(1 / self._pause_s) if self._pause_s > 0 else 0)


def _arrived(core: Core, number: int) -> Visit:
    """A visit. Many begin at once here, on a machine that is busy starting the rest: what fails is tried again."""
    for _ in range(20):
        try:
            return Visit(core, number)
        except ProsePolishError:
            time.sleep(0.5)
    return Visit(core, number)


def _set(event: threading.Event, on: bool) -> None:
    if on:
        event.set()
    else:
        event.clear()


def main() -> None:
    """Warm up, say so with a line, and answer each line of input with one of output.

    The environment names the servers.
    """
    callers, seed = int(sys.argv[1]), int(sys.argv[2])
    with Core.open(Config.from_env()) as core:
        core.warm_up()
        asked = Asked(core, callers, seed)
        print("{}", flush=True)
        for line in sys.stdin:
            print(json.dumps(asked.obey(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
