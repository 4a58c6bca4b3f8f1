"""The grid: a trigger that fires at the whole multiples of an interval in UTC, whenever the first run was."""

from datetime import UTC, datetime, timedelta

from apscheduler.triggers.base import BaseTrigger

EPOCH = datetime.fromtimestamp(0, UTC)


class GridTrigger(BaseTrigger):  # type: ignore[misc]  # the package has no types
    """APScheduler's own interval counts on from the last run: one run out of step, and all that follow are too.

    Ticks are multiples of the interval, and a sample stands at its tick: so runs must be there as well.
    """

    def __init__(self, seconds: int) -> None:
        self._interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The first multiple after now, and after the run before."""
        after = max(previous_fire_time, now) if previous_fire_time else now
        return EPOCH + ((after - EPOCH) // self._interval + 1) * self._interval

    def __str__(self) -> str:
        return f"grid[{self._interval}]"
