"""The clock of the traffic: prepared calls at random moments of a steady rate, on a bounded pool of threads."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from prosepolish_core import Core
from prosepolish_core.errors import ProsePolishError

from .actions import ACTIONS, Action, Job, Scene

#: Calls under way at most. More would only queue: a slow upstream must not make this process grow.
MOST_UNDER_WAY = 96
THREADS = 48
#: Seconds between two lines in the log.
REPORT_S = 30.0
#: How long calls under way may take once it is told to stop.
LAST_CALLS_S = 0.4
log = structlog.get_logger(__name__)


class Traffic:
    """Calls the core's public names until told to stop. Nothing it meets stops it; what it meets is counted."""

    def __init__(self, core: Core, scene: Scene, rate: float, seed: int) -> None:
        self._core, self._scene, self._rate = core, scene, rate
        self._random = random.Random(seed)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="traffic")
        self._under_way = 0
        self._ended = False
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def run(self, stop: threading.Event, clock: Callable[[], float] = time.monotonic) -> None:
        """Until `stop` is set: draw an action, wait for its moment,
        hand it to the pool (or skip it when the pool is full).
        """
        weights = [action.per_lookup for action in ACTIONS]
        per_s = self._rate * sum(weights)
        due = report = clock()
        while not stop.wait(max(0.0, due - clock())):
            due = max(due, clock() - 1.0) + self._random.expovariate(per_s)
            self._hand_over(self._random.choices(ACTIONS, weights)[0])
            if clock() - report >= REPORT_S:
                report = clock()
                log.info("traffic", **self.told())
        self._end(time.monotonic() + LAST_CALLS_S)

    def told(self) -> dict[str, int]:
        """What was done so far, by action, and what went wrong, by error."""
        with self._lock:
            return dict(sorted(self.counts.items()))

    def _end(self, deadline: float) -> None:
        """Give calls under way a moment; what takes longer is left to its fate, unreported."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        while self._under_way and time.monotonic() < deadline:
            time.sleep(0.02)
        self._ended = True

    def _hand_over(self, action: Action) -> None:
        job = action.prepare(self._scene)
        with self._lock:
            full = self._under_way >= MOST_UNDER_WAY
            self._under_way += not full
        if full:
            self._count("skipped")
        else:
            self._pool.submit(self._do, action.name, job).add_done_callback(self._release)

    def _do(self, name: str, job: Job) -> None:
        try:
            job(self._core)
            self._count(name)
        except ProsePolishError as error:
            self._count(type(error).__name__)
        except Exception:
            if self._count("failed") == 1 and not self._ended:
                log.exception("an action failed in a way it must not", action=name)

    def _release(self, _call: Future[None]) -> None:
        """Done or cancelled: there is room for another."""
        with self._lock:
            self._under_way -= 1

    def _count(self, name: str) -> int:
        with self._lock:
            self.counts[name] += 1
            return self.counts[name]
