"""The runner: every entry of the schedule as one APScheduler job, the leases, the keeper and the clock's watch."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as JobExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from prosepolish_core.model.sample import Run, RunOutcome

from .collector_health import Process
from .grid import GridTrigger
from .health import RunHealth
from .lease import Leases
from .reading import Database, ObservedServer, ScheduledRead, read_once
from .run_keeper import RunKeeper
from .schedule import ENTRIES, OWN, POSTGRES

#: Instances read side by side by one slow collector.
SIDE_BY_SIDE = 8
#: Seconds between two renewals of the leases, and between two attempts to write what waits on the disk.
RENEW_S, AGAIN_S = 1.0, 0.5
#: The wall clock may drift this far from the monotonic one between two looks before it counts as a jump.
JUMP_S = 2.0
#: A signal is heard within so many seconds, and work under way may take so many more: with alerts and connections under
#: five.
HEAR_S, END_S = 0.2, 1.5
log = structlog.get_logger("collectors")


class Runner:
    """Runs the schedule for the instances whose lease it holds."""

    def __init__(
        self,
        instances: Sequence[ObservedServer],
        databases: Sequence[Database],
        keeper: RunKeeper,
        leases: Leases,
        base_s: float,
        hear: Callable[[Sequence[Run]], None] = lambda _: None,
    ) -> None:
        self._instances = tuple(instances)
        self._databases = tuple(databases)
        self._keeper = keeper
        self._leases = leases
        self._base_s = base_s
        self._hear = hear
        self.health = RunHealth()
        self._process = Process(self.health, keeper, leases, self._instances)
        self._working = threading.Condition()
        self._jobs = 0
        self._readers = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="read")
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": JobExecutor(len(ENTRIES) + 2)},
            job_defaults={"coalesce": True, "max_instances": 1},
        )

    def run(self, stop: threading.Event, on_leases: Callable[[frozenset[str]], None] = lambda _: None) -> bool:
        """Work until `stop` is set; then give the leases back. False when something did not end in time."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="watch")
        watch = pool.submit(self._watch, stop, on_leases)
        while not (watch.done() or stop.is_set()):  # whatever the watch waits for, a signal is heard here
            wait([watch], HEAR_S)
        pool.shutdown(wait=False)
        return self._end(watch)

    def _watch(self, stop: threading.Event, on_leases: Callable[[frozenset[str]], None]) -> None:
        """Once a second: replay what is spooled, renew the leases, look at the clock."""
        held = self._leases.renew()
        on_leases(held)
        self._schedule()
        self._scheduler.start()
        offset = time.time() - time.monotonic()
        while not stop.wait(AGAIN_S if self._keeper.away or self._leases.away else RENEW_S):
            self._keeper.drain(stop)
            renewed = self._leases.renew()
            if renewed != held:
                for instance in self._instances:
                    if instance.source in renewed ^ held:
                        instance.forget()
                if renewed - held:
                    self._schedule()  # what we took over is read at once: its tick may still be missing
                held = renewed
                on_leases(held)
            drift = time.time() - time.monotonic() - offset
            if abs(drift) > JUMP_S:
                offset += drift
                self.health.clock_jumps += 1
                log.warning("clock_jumped", seconds=round(drift, 3))
                self._schedule()

    def _end(self, watch: "Future[None]") -> bool:
        """Stop reading at once, let writers finish for a moment,
        and put on the disk what the store has not taken by then.
        """
        until = time.monotonic() + END_S
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for instance in self._instances:
            instance.observer.abort()
        self._readers.shutdown(wait=False, cancel_futures=True)
        with self._working:
            ended = self._working.wait_for(lambda: not self._jobs, END_S)
        wait([watch], max(0.0, until - time.monotonic()))
        self._keeper.close()
        if not watch.done():
            return False
        self._leases.close()
        watch.result()
        return ended

    def job(self, entry: ScheduledRead[Any]) -> list[Run]:
        """One tick of one collector over every source we hold: read, then keep. Never raises."""
        interval = entry.interval_s(self._base_s)
        tick = int(time.time()) // interval * interval
        began = time.monotonic()
        try:
            with self._counted():
                runs = self.read(entry, tick)
                self._hear(runs)  # before the store is asked: alerts do not wait for a store that is away
                self._keeper.write(runs)
        except Exception:
            self.health.crashed(entry.name)
            log.exception("collector_crashed", collector=entry.name)
            return []
        log.debug("kept", collector=entry.name, tick=tick, runs={run.source: len(run.samples) for run in runs})
        self.health.ran(entry.name, runs, time.monotonic() - began, time.time() - tick)
        for run in runs:
            if run.outcome is not RunOutcome.OK:
                log.info("run_failed", collector=run.collector, source=run.source, outcome=run.outcome, reason=run.detail)
        return runs

    def read(self, entry: ScheduledRead[Any], tick: int) -> list[Run]:
        """Read every source we hold, once."""
        if entry in OWN:
            return [read_once(entry, self._process, tick)]
        if entry in POSTGRES:
            return [read_once(entry, database, tick) for database in self._databases if database.source in self._leases.held]
        held = [instance for instance in self._instances if instance.source in self._leases.held]
        if entry.sweep:
            return list(entry.sweep(held, entry, tick))
        if len(held) < 2:
            return [read_once(entry, instance, tick) for instance in held]
        return list(self._readers.map(lambda instance: read_once(entry, instance, tick), held))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Counted as work that is under way."""
        with self._working:
            self._jobs += 1
        try:
            yield
        finally:
            with self._working:
                self._jobs -= 1
                self._working.notify_all()

    def _schedule(self) -> None:
        """Every job at the multiples of its interval, so that two collectors mean the same by a tick;
        the first at once.
        """
        for entry in ENTRIES:
            interval = entry.interval_s(self._base_s)
            self._scheduler.add_job(
                self.job,
                GridTrigger(interval),
                args=[entry],
                id=entry.name,
                name=entry.about,
                replace_existing=True,
                next_run_time=datetime.now(UTC),
                misfire_grace_time=max(1, interval),
            )
