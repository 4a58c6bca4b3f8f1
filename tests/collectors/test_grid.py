"""The grid on which collectors run."""

from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from hypothesis import given
from hypothesis import strategies as st

from collectors.grid import EPOCH, GridTrigger

INSTANTS = st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds UTC


@given(INSTANTS, st.none() | INSTANTS, st.sampled_from([1, 2, 5, 7, 10, 60, 3600]))
def test_the_next_run_is_the_first_multiple_after_now_and_after_the_last_run(
    now: datetime, before: datetime | None, seconds: int
) -> None:
    """A run out of step, as the one at the start, puts no later run out of step; and no instant is used twice."""
    interval = timedelta(seconds=seconds)
    found = GridTrigger(seconds).get_next_fire_time(before, now)
    latest = max(before, now) if before else now
    assert (found - EPOCH) % interval == timedelta(0)
    assert timedelta(0) < found - latest <= interval


def test_after_a_first_run_at_once_the_scheduler_falls_into_step() -> None:
    """APScheduler itself, asked when its job runs next, names the multiples."""
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)})
    at_once = datetime(2026, 1, 1, 0, 0, 3, 250_000, tzinfo=UTC)
    job = scheduler.add_job(lambda: None, GridTrigger(10), next_run_time=at_once)
    fires = [at_once]
    for _ in range(4):
        fires.append(job.trigger.get_next_fire_time(fires[-1], fires[-1] + timedelta(milliseconds=5)))
    assert [fire.second for fire in fires[1:]] == [10, 20, 30, 40]
    assert all(fire.microsecond == 0 for fire in fires[1:])
