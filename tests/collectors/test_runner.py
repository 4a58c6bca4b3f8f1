"""The runner: ticks, crashes and what is read of what is leased, without a scheduler's clock."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from collectors import runner as module
from collectors.lease import Leases
from collectors.reading import ObservedServer, ScheduledRead, SourceReply, read_once
from collectors.run_keeper import RunKeeper
from collectors.runner import Runner
from collectors.spool import Spool
from prosepolish_core.drivers.postgres_lease import AdvisoryLocks
from prosepolish_core.errors import SourceRefused, SourceTimeout, SourceUnavailable, SourceUnreadable
from prosepolish_core.model.sample import RunOutcome, Sample
from prosepolish_core.watch.redis_info.redis_observer import Observer

from .parts import Shelf

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def parts(tmp_path: Path) -> Any:
    """A runner over two instances of which it holds one, and its shelf."""
    shelf, spool = Shelf(), Spool(tmp_path)
    leases = Leases(AdvisoryLocks("postgresql://127.0.0.1:1/none"), ["cache", "state"])
    leases.held = frozenset({"cache"})
    instances = [ObservedServer(name, Observer(NOWHERE)) for name in ("cache", "state")]
    yield Runner(instances, [], RunKeeper(shelf, spool), leases, 10.0), shelf
    spool.close()


def entry(read: Any, **settings: Any) -> ScheduledRead[ObservedServer]:
    """A collector made of one function."""
    return ScheduledRead("made_up", "", read, **settings)


def test_a_tick_is_a_multiple_of_the_interval_and_only_leased_sources_are_read(parts: tuple[Runner, Shelf]) -> None:
    """Two collectors mean the same instant by a tick, whenever their jobs really begin."""
    runner, shelf = parts
    runner.job(entry(lambda instance, row: SourceReply((Sample("x", 1.0),)), at_least_s=30))
    ((source, collector, tick),) = shelf.kept
    assert (source, collector, tick % 30) == ("cache", "made_up", 0)
    assert time.time() - 60 < tick <= time.time()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(SourceRefused("no_permission"), "refused"), (SourceTimeout("late"), "timeout"), (SourceUnavailable("gone"), "error")],
)
def test_a_source_that_cannot_be_read_still_has_its_run(parts: tuple[Runner, Shelf], error: Exception, outcome: str) -> None:
    """The run says what happened and has no samples."""
    runner, shelf = parts

    def read(_instance: ObservedServer, _row: object) -> SourceReply:
        raise error

    runner.job(entry(read))
    (run,) = shelf.kept.values()
    assert (run.outcome, run.samples, run.detail) == (RunOutcome(outcome), (), str(error))
    assert runner.health.tallies["made_up"].failures == 1


def test_an_error_nobody_foresaw_is_the_run_of_that_instance_alone(parts: tuple[Runner, Shelf]) -> None:
    """A reply that breaks a reader is an error run there; the other instance of the same tick is read and kept."""
    runner, shelf = parts
    runner._leases.held = frozenset({"cache", "state"})

    def read(instance: ObservedServer, _row: object) -> SourceReply:
        if instance.source == "cache":
            raise ZeroDivisionError
        return SourceReply((Sample("x", 1.0),))

    runner.job(entry(read))
    told = {run.source: (run.outcome, run.detail, len(run.samples)) for run in shelf.kept.values()}
    assert told == {"cache": (RunOutcome.ERROR, "unexpected reply", 0), "state": (RunOutcome.OK, "", 1)}


def test_a_run_the_store_can_never_take_costs_only_itself(parts: tuple[Runner, Shelf]) -> None:
    """The others of its tick are stored, and it is counted as lost."""
    runner, shelf = parts
    shelf.refuses_source = "cache"
    runner._leases.held = frozenset({"cache", "state"})
    runner.job(entry(lambda *_: SourceReply((Sample("x", 1.0),))))
    assert [run.source for run in shelf.kept.values()] == ["state"]
    assert runner._keeper.dropped == 1


def test_what_is_answered_is_kept_and_what_is_not_is_named() -> None:
    """A refusal leaves the run in order; a reply that is none makes it an error, with all samples that were read."""
    samples = (Sample("x", 1.0),)
    refused, unread = SourceRefused("no_permission", "slowlog|get"), SourceUnreadable("dbsize")
    runs = [
        read_once(entry(lambda *_: SourceReply(samples, missing=missing)), ObservedServer("s", Observer(NOWHERE)), 1)  # noqa: B023 - called at once
        for missing in ((), (refused,), (refused, unread))
    ]
    assert [(run.outcome, run.detail) for run in runs] == [
        (RunOutcome.OK, ""),
        (RunOutcome.OK, "slowlog|get=no_permission"),
        (RunOutcome.ERROR, "slowlog|get=no_permission,dbsize=unexpected reply"),
    ]
    assert all(run.samples == samples for run in runs)


def test_a_failed_run_never_quotes_an_unknown_error() -> None:
    """The text of an error that is not ours may hold anything; not a word of it is kept."""

    def read(*_: object) -> SourceReply:
        raise ValueError("secret")

    run = read_once(entry(read), ObservedServer("s", Observer(NOWHERE)), 1)
    assert (run.outcome, run.detail) == (RunOutcome.ERROR, "unexpected reply")
    assert read_once(entry(lambda *_: SourceReply(detail="fine")), ObservedServer("s", Observer(NOWHERE)), 1).detail == "fine"


@pytest.mark.parametrize(("base", "factor", "least", "interval"), [(10, 1, 1, 10), (2, 1, 5, 5), (10, 6, 10, 60), (0.5, 1, 1, 1)])
def test_intervals_are_whole_seconds_and_never_below_their_least(base: float, factor: float, least: float, interval: int) -> None:
    """Ticks are whole seconds, so an interval is at least one."""
    assert entry(lambda *_: SourceReply(), factor=factor, at_least_s=least).interval_s(base) == interval


def test_a_clock_jump_sets_every_job_anew(parts: tuple[Runner, Shelf], monkeypatch: pytest.MonkeyPatch) -> None:
    """When the wall clock leaps, the jobs are scheduled by the new time and the jump is counted: a gap, not a lie."""
    runner, _ = parts
    scheduled: list[float] = []
    monkeypatch.setattr(Runner, "_schedule", lambda self: scheduled.append(1))
    rounds: Iterator[float | None] = iter([0.0, 3600.0, None])
    ahead, real = [0.0], time.time
    monkeypatch.setattr(module.time, "time", lambda: real() + ahead[0])  # other threads ask as well

    def wait(_seconds: float) -> bool:
        leap = next(rounds)
        ahead[0] = ahead[0] if leap is None else leap
        return leap is None

    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", wait)
    assert runner.run(stop)
    assert runner.health.clock_jumps == 1
    assert len(scheduled) >= 2


@pytest.mark.parametrize("switch", ["2026-03-29T01:00:00+00:00", "2026-10-25T01:00:00+00:00"])
def test_daylight_saving_neither_skips_nor_repeats_a_tick(
    parts: tuple[Runner, Shelf], switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs and ticks go by UTC: while the local clock leaps an hour, every interval is as long as the others."""
    runner, _ = parts
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        runner._schedule()
        change = datetime.fromisoformat(switch)
        for job in runner._scheduler.get_jobs():
            fires = [job.trigger.get_next_fire_time(None, change - timedelta(seconds=7200))]
            while fires[-1] < change + timedelta(seconds=7200):
                fires.append(job.trigger.get_next_fire_time(fires[-1], fires[-1]))
            assert len({after - before for before, after in pairwise(fires)}) == 1
            assert all(fire.utcoffset() == timedelta(0) for fire in fires)
        monkeypatch.setattr(module.time, "time", lambda: change.timestamp() + 3.0)
        (run,) = runner.job(entry(lambda *_: SourceReply((Sample("x", 1.0),)), at_least_s=30))
        assert run.tick == change.timestamp()
    finally:
        monkeypatch.undo()
        time.tzset()


def test_counts_of_an_instance_begin_anew_when_it_changes_hands(
    parts: tuple[Runner, Shelf], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is lost to another collector is not listened to any more, and what is taken over is counted from nothing."""
    runner, _ = parts
    cache, state = runner._instances
    heard = []

    class Ear:
        def stop(self) -> None:
            heard.append("stopped")

    for instance in (cache, state):
        instance.observer.charges["redis_info"].calls = 7
        instance.memory["redis_keyevents"] = Ear()
    monkeypatch.setattr(Runner, "_schedule", lambda self: None)
    held = iter([frozenset({"cache"}), frozenset({"cache"}), frozenset({"state"})])
    monkeypatch.setattr(Leases, "renew", lambda self: self.__dict__.update(held=next(held)) or self.held)
    kept: list[int] = []

    def wait(_seconds: float) -> bool:
        kept.append(cache.observer.charges["redis_info"].calls)
        return len(kept) > 2

    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", wait)
    runner.run(stop)
    assert kept == [7, 7, 0]
    assert heard == ["stopped", "stopped"]
    assert not cache.memory
    assert not state.memory
    assert state.observer.charges["redis_info"].calls == 0
