"""What the store gives back of collector samples: series, readings, coverage, runs, marks and logged commands."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from .sample import Kind, Labels

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Instants = npt.NDArray[np.datetime64]
    Numbers = npt.NDArray[np.float64]


def __getattr__(name: str) -> object:
    """The types of arrays, made when first asked for: a service that only answers runs without numpy."""
    if name not in {"Instants", "Numbers"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import numpy as np
    import numpy.typing as npt

    return npt.NDArray[np.datetime64] if name == "Instants" else npt.NDArray[np.float64]


class SeriesKey(NamedTuple):
    """What a series is: where it was read, which metric, which labels."""

    source: str
    metric: str
    labels: Labels = ()


class GaugeSeries(NamedTuple):
    """A gauge over a window, thinned to buckets. Arrays of equal length; NaN where nothing was sampled."""

    key: SeriesKey
    ts: Instants
    mean: Numbers
    low: Numbers
    high: Numbers
    last: Numbers


class IncreaseSeries(NamedTuple):
    """A counter over a window: reset-safe increase per bucket and the seconds the samples really cover there."""

    key: SeriesKey
    ts: Instants
    increase: Numbers
    covered_s: Numbers


class Reading(NamedTuple):
    """The newest value of a series.

    `every_s`: the usual seconds between two of its readings; None after a single one.
    """

    key: SeriesKey
    kind: Kind
    unit: str
    value: float
    ts: datetime
    every_s: float | None = None


class Pulse(NamedTuple):
    """The newest run of one collector against one source, failed or not,
    and how often it runs (None after a single run).
    """

    collector: str
    source: str
    ts: datetime
    outcome: str
    detail: str
    every_s: float | None


class Coverage(NamedTuple):
    """How much of a window the samples cover (0-1), and the age of the newest one in seconds (None:
    no sample at all).
    """

    ratio: float
    newest_age_s: float | None
    samples: int


#: What a mark may tell of. People set the first two; the others are set when something is seen to happen.
MARK_KINDS = {
    "deploy": "a new version of a program of ours",
    "note": "what somebody wrote",
    "restart": "a server began anew",
    "resetstat": "a server's statistics were reset",
    "failover": "another server of the group answers, or a role changed",
    "swap": "another server answers at the same address",
    "gap": "something was not heard or read for a while",
    "flush": "every key was removed",
    "config": "a setting changed, from what to what",
    "version": "a server runs another version",
    "evicting": "evictions begin",
    "clients": "many clients came or left at once",
    "schema": "the tables of PostgreSQL were changed",
    "takeover": "another collectors process took over",
}


class Mark(NamedTuple):
    """A vertical line on the charts; `kind` is one of MARK_KINDS.

    `source` names the instance it is about; empty: it is about all of them.
    """

    ts: datetime
    kind: str
    text: str
    source: str = ""


class RunRow(NamedTuple):
    """One collector run as the Collectors page shows it."""

    collector: str
    source: str
    ts: datetime
    duration_s: float
    outcome: str
    detail: str
    samples: int


class RunCount(NamedTuple):
    """How many runs of one collector against one source in a window ended alike.

    `first` and `last` are the ticks of the oldest and the newest of them.
    """

    collector: str
    source: str
    outcome: str
    detail: str
    runs: int
    first: datetime
    last: datetime


class SlowRow(NamedTuple):
    """One entry of a server's command log as a page shows it.

    `log` is `slow`, or tells what was large (then `size_bytes`).
    """

    source: str
    at: datetime
    duration_s: float
    command: str
    arguments: int
    family: str
    client: str
    log: str = "slow"
    size_bytes: int = 0
