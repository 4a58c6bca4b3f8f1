"""The schedule: every collector with its interval, time-out and budget, in one table."""

from typing import Any, NamedTuple

from . import redis_info, redis_ping
from .reading import Database, Entry, Instance

REDIS: tuple[Entry[Instance], ...] = (
    Entry(redis_info.NAME, "INFO of every instance, whole, and what we cost it", redis_info.read),
    Entry(redis_ping.NAME, "round trip of five PINGs", redis_ping.read),
)
POSTGRES: tuple[Entry[Database], ...] = ()
ENTRIES: tuple[Entry[Any], ...] = (*REDIS, *POSTGRES)


class Row(NamedTuple):
    """One line of `--list`."""

    collector: str
    interval_s: int
    timeout_s: float
    budget_s: float
    about: str


def rows(base_s: float) -> list[Row]:
    """The schedule as it runs with this base interval."""
    return [Row(e.name, e.interval_s(base_s), e.timeout_s, e.budget_s, e.about) for e in ENTRIES]
